import { join, resolve } from 'node:path';
import { InputError } from '../../errors.ts';
import type { Kind, Request, Running } from '../kind.ts';
import { withRequested } from '../requested.ts';
import { aboutOf, missingShards, partsName, readParts, writePart, type Part } from './parts.ts';
import { shardWords, type Shard } from './shard.ts';

/** State of a sharded measurement once one of its shards is there. */
export interface ShardsSoFar {
	/** Id of the run or result that is made of all shards. */
	id: string;
	/** Folder of the parts. */
	folder: string;
	/** True if this shard had been measured before. */
	found: boolean;
	missing: number[];
	/** null: some are missing. */
	parts: Part[] | null;
}

/**
 * Measures one shard of a measurement and writes its part, where that is not there yet. Throws InputError where the kind is
 * not cut into shards, and where parts that are there were made from other settings, texts or weights.
 */
export async function measureShard(
	kind: Kind,
	request: Request,
	running: Running,
	{ shard, folder: named }: { shard: Shard; folder: string | null }
): Promise<ShardsSoFar> {
	if (kind.measureShard === undefined)
		throw new InputError(`--shard: ${kind.kind} is not cut into shards; leave it out`);
	const { about, name } = await withRequested(
		request,
		async (model) => {
			const { sha256 } = await model.tokenizer(request.tokenizer ?? undefined);
			const hashes = { hash: await model.hash(request.home), tokenizer: sha256 };
			return { about: aboutOf(request, hashes), name: model.name };
		},
		{ forOther: true }
	);
	const id = partsName(about, name, shard.count);
	const folder = named === null ? join(request.home, 'shards', id) : resolve(named);
	const there = await missingShards(folder, shard.count, about);
	const found = !there.includes(shard.index);
	if (!found) {
		const files = await kind.measureShard(request, running, shard);
		await writePart(folder, shard, about, files);
	}
	const missing = await missingShards(folder, shard.count, about);
	const parts = missing.length === 0 ? await readParts(folder, shard.count, about) : null;
	return { id, folder, found, missing, parts };
}

/** Describes the state of a measurement once a shard is there: the shard is new or was found, and the missing ones. */
export function soFarWords(shard: Shard, { folder, found, missing }: ShardsSoFar): string {
	const done = `${shardWords(shard)} ${found ? 'was there already' : 'is done'}`;
	if (missing.length === 0) return `${done}; all are there and are put together`;
	return `${done}; missing: ${missing.join(', ')} (in ${folder})`;
}
