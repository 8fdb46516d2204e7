import { basename, join } from 'node:path';
import * as v from 'valibot';
import { readJsonFile } from '../../edge/json.ts';
import { brokenLink } from '../../edge/links.ts';
import { parseUntrusted } from '../../edge/parse.ts';
import { quoted } from '../../edge/quote.ts';
import { InputError } from '../../errors.ts';
import { exists } from './files.ts';
import { readSafetensorsHeader } from './safetensors.ts';
import type { TensorEntry } from './types.ts';

export const SINGLE = 'model.safetensors';
export const INDEX = 'model.safetensors.index.json';

/** 25 MB: an entry has about 100 bytes; the largest mixtures of experts have some 100,000. */
const MAX_INDEX_BYTES = 25_000_000;
/** Files that one model is spread over; the largest in use have some 200. */
const MAX_SHARDS = 10_000;

const indexSchema = v.object({
	weight_map: v.record(v.string(), v.string())
});

/** The tensors in a folder's safetensors files by the names they have there; null: there are no such files. */
export async function readTensors(folder: string): Promise<Map<string, TensorEntry> | null> {
	const single = join(folder, SINGLE);
	const index = join(folder, INDEX);
	for (const file of [single, index]) {
		const broken = await brokenLink(file);
		if (broken !== null) throw new InputError(`${file}: ${broken}`);
	}
	if (await exists(single)) {
		const entries = await readSafetensorsHeader(single);
		return new Map(entries.map((entry) => [entry.name, entry]));
	}
	return (await exists(index)) ? readShards(folder, index) : null;
}

/**
 * As transformers does it, the index says which files there are, and their headers which tensors they hold. Of a
 * tensor that two files hold transformers takes that of the file whose name comes last; where the index names
 * another, readers differ, and it is refused.
 */
async function readShards(folder: string, index: string): Promise<Map<string, TensorEntry>> {
	const json = await readJsonFile(index, MAX_INDEX_BYTES);
	const placed = new Map(Object.entries(parseUntrusted(indexSchema, json, index).weight_map));
	const shards = [...new Set(placed.values())].sort();
	if (shards.length > MAX_SHARDS) {
		throw new InputError(
			`${index}: names ${shards.length} files; at most ${MAX_SHARDS} are allowed`
		);
	}
	const tensors = new Map<string, TensorEntry>();
	for (const shard of shards) {
		if (shard !== basename(shard) || shard === '..' || shard.includes('\\')) {
			throw new InputError(
				`${index}: names ${quoted(JSON.stringify(shard))}; expected a file beside it`
			);
		}
		const file = join(folder, shard);
		if (!(await exists(file))) {
			const broken = await brokenLink(file);
			throw new InputError(
				broken === null
					? `${folder}: missing shard ${quoted(shard)}, which ${INDEX} names`
					: `${quoted(file)}: ${broken}`
			);
		}
		for (const entry of await readSafetensorsHeader(file)) {
			const other = tensors.get(entry.name);
			if (other !== undefined && placed.get(entry.name) !== shard) {
				throw new InputError(
					`${file}: ${quoted(entry.name)}: also in ${basename(other.file)}, and ${INDEX} does not name the last of them; ` +
						'readers differ in which they take: remove the stale one'
				);
			}
			tensors.set(entry.name, entry);
		}
	}
	return tensors;
}
