import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { VERSION } from '../version.ts';
import type {
	DeployRecord,
	DeployRequest,
	Padding,
	Rounding,
	TransformersVerification,
	Verification,
	WrittenFile
} from './types.ts';

/** Builds the `spanwise.json` of a folder that holds the files `names` and nothing else yet. */
export async function recordOf(
	folder: string,
	names: readonly string[],
	request: DeployRequest,
	made: {
		model: { name: string; architecture: string; layers: number };
		hash: string;
		sources: readonly (number | null)[];
		padding: Padding | null;
		verified: Verification | null;
		transformers: TransformersVerification | null;
		/** Not there: nothing was rounded. */
		rounding?: Rounding | null;
	}
): Promise<DeployRecord> {
	const files = await writtenFiles(folder, names);
	const all = made.sources.map((_, layer) => layer);
	return {
		format: 'spanwise/model',
		version: 1,
		model: { ...made.model, hash: made.hash },
		target: request.target,
		dtype: request.dtype,
		...(request.weights && { weights: request.weights }),
		plan: request.plan,
		cache: {
			keys: all.filter((layer) => made.sources[layer] === layer),
			values: all.filter((layer) => made.sources[layer] !== null)
		},
		padding: made.padding,
		files,
		verified: made.verified,
		...(made.rounding && { rounding: made.rounding }),
		transformers: made.transformers,
		createdBy: { name: 'spanwise', version: VERSION },
		createdAt: new Date().toISOString()
	};
}

/** Size and hash of files in a folder, by name. */
export async function writtenFiles(
	folder: string,
	names: readonly string[]
): Promise<WrittenFile[]> {
	const files: WrittenFile[] = [];
	for (const file of [...names].sort()) files.push(await writtenFile(folder, file));
	return files;
}

async function writtenFile(folder: string, name: string): Promise<WrittenFile> {
	const file = join(folder, name);
	const hash = createHash('sha256');
	for await (const piece of createReadStream(file)) hash.update(piece as Uint8Array);
	return { name, bytes: (await stat(file)).size, sha256: hash.digest('hex') };
}
