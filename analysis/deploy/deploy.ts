import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { completedHash } from '../analyze/modelHash.ts';
import type { PlannedLayers } from '../capture/forward.ts';
import type { LayerRepair } from '../capture/repairs.ts';
import { openCheckpoint } from '../checkpoint/open.ts';
import { WeightReader } from '../checkpoint/read.ts';
import { rememberedHash } from '../checkpoint/remembered.ts';
import type { Checkpoint } from '../checkpoint/types.ts';
import { DECODER_DTYPE_BYTES } from '../graph/decode/weights.ts';
import { checkPlanFits } from '../plan/fits.ts';
import { planMatches } from '../plan/planFile.ts';
import { headMapsOf } from '../plan/spans.ts';
import { readRepairs } from '../repair/file.ts';
import { VERSION } from '../version.ts';
import { checkNewFolder, writeFolder } from './folder.ts';
import { MODEL_FILE, writeOnnx } from './onnx.ts';
import { sampleIds } from './sample.ts';
import type { DeployRecord, DeployRequest, Verification, WrittenFile } from './types.ts';
import { verifyDecoder } from './verify.ts';

/** Name of the record beside a model that was written. */
export const RECORD_FILE = 'spanwise.json';

/** What is being done, for a display. */
export type DeployStage = 'writing' | 'verifying' | 'hashing';

/** A model that was written. */
export interface Deployed {
	record: DeployRecord;
	/** The plan was made for other weights; null: for these, or no plan. */
	warning: string | null;
}

/**
 * Writes a model with a plan applied, whole or not at all: weights in a stream, one matrix in memory at a time.
 * Unless told otherwise it is run on a short window and compared with the engine; where they disagree, Error is
 * thrown and nothing is left. Throws InputError where model, plan or folder are at fault.
 */
export async function deployModel(
	request: DeployRequest,
	onProgress: (stage: DeployStage, fraction: number) => void
): Promise<Deployed> {
	const checkpoint = await openCheckpoint(request.modelFolder);
	const { name, config } = checkpoint;
	if (request.plan !== null) checkPlanFits(request.plan, { ...config, name });
	await checkNewFolder(request.out);
	const planned = await plannedLayers(request, checkpoint);
	const reader = new WeightReader();
	try {
		return await writeFolder(request.out, async (folder) => {
			const names = await writeOnnx(
				folder,
				checkpoint,
				reader,
				planned,
				request.dtype,
				(fraction) => onProgress('writing', fraction)
			);
			let verified: Verification | null = null;
			if (request.verify) {
				onProgress('verifying', 0);
				const ids = await sampleIds(checkpoint.folder, config);
				const file = join(folder, MODEL_FILE);
				verified = await verifyDecoder(file, checkpoint, reader, ids, planned, request.dtype);
			}
			onProgress('hashing', 0);
			const hash =
				(await rememberedHash(request.home, checkpoint)) ??
				(await completedHash(checkpoint, reader, null, request.home));
			const files: WrittenFile[] = [];
			for (const name of names.sort()) files.push(await writtenFile(folder, name));
			const record = recordOf(request, checkpoint, hash, planned, files, verified);
			await writeFile(join(folder, RECORD_FILE), `${JSON.stringify(record, null, 2)}\n`);
			const { layers } = config;
			const warning =
				request.plan === null ? null : planMatches(request.plan, { name, layers, hash });
			return { record, warning };
		});
	} finally {
		await reader.close();
	}
}

/** What each layer does: as planned, or as it is. */
async function plannedLayers(
	{ plan, planFolder }: DeployRequest,
	{ config }: Checkpoint
): Promise<Required<PlannedLayers>> {
	const own = Array.from({ length: config.layers }, (_, layer) => layer);
	if (plan === null) return { sources: own, headMaps: own.map(() => null), repairs: new Map() };
	const repairs = (await readRepairs(planFolder, plan, config)) ?? new Map<number, LayerRepair>();
	return { sources: plan.sources, headMaps: headMapsOf(plan.spans, config.layers), repairs };
}

function recordOf(
	{ target, dtype, plan }: DeployRequest,
	{ name, config }: Checkpoint,
	hash: string,
	{ sources }: PlannedLayers,
	files: WrittenFile[],
	verified: Verification | null
): DeployRecord {
	const all = sources.map((_, layer) => layer);
	const keys = all.filter((layer) => sources[layer] === layer);
	const values = all.filter((layer) => sources[layer] !== null);
	const width = config.kvHeads * config.headDim * DECODER_DTYPE_BYTES[dtype];
	return {
		format: 'spanwise/model',
		version: 1,
		model: { name, architecture: config.architecture, layers: config.layers, hash },
		target,
		dtype,
		plan,
		cache: { keys, values, bytesPerToken: (keys.length + values.length) * width },
		files,
		verified,
		createdBy: { name: 'spanwise', version: VERSION },
		createdAt: new Date().toISOString()
	};
}

async function writtenFile(folder: string, name: string): Promise<WrittenFile> {
	const file = join(folder, name);
	const hash = createHash('sha256');
	for await (const piece of createReadStream(file)) hash.update(piece as Uint8Array);
	return { name, bytes: (await stat(file)).size, sha256: hash.digest('hex') };
}
