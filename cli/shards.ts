/** --shard: one part of a measurement on each of several machines, and what comes of all of them. */
import { Option, type Command } from 'commander';
import type { Kind, Request, Running } from '../analysis/measure/kind.ts';
import { measureShard, soFarWords } from '../analysis/measure/shards/measureShard.ts';
import { parseShard, scheduledTask } from '../analysis/measure/shards/shard.ts';
import { printJson, say, type Io } from './io.ts';
import { withProgress } from './withProgress.ts';

/** Options of a sharded measurement, as they were typed. */
export interface ShardOptions {
	shard?: string;
	shardFolder?: string;
	json?: boolean;
}

/** Adds the options to the command of a kind that is cut into shards. */
export function addShardOptions(command: Command): void {
	command.addOption(
		new Option(
			'--shard <index/count>',
			'measure only these windows, such as 0/4; auto or auto/4 in a Slurm or Kubernetes job'
		)
	);
	command.addOption(
		new Option(
			'--shard-folder <folder>',
			'where the shards put their parts (default: in the workspace)'
		)
	);
}

/**
 * Measures the shard that the options name. Returns the request for all shards together and the id of what they make;
 * null: others are missing, which is said. Without --shard the request is as it was.
 */
export async function shardStep(
	kind: Kind,
	request: Request,
	running: Omit<Running, 'onProgress'>,
	options: ShardOptions,
	io: Io
): Promise<{ request: Request; id: string | null } | null> {
	if (options.shard === undefined) {
		const task = kind.measureShard === undefined ? null : scheduledTask(io.env);
		if (task !== null)
			say(io, `${task}: all windows are measured; with --shard auto this task takes its own only`);
		return { request, id: null };
	}
	const shard = parseShard(options.shard, io.env);
	const where = { shard, folder: options.shardFolder ?? null };
	const found = await withProgress(io, { resumes: kind.resumes }, (watch) =>
		measureShard(kind, request, { ...running, ...watch }, where)
	);
	say(io, soFarWords(shard, found));
	const { id, folder, missing, parts } = found;
	if (parts !== null) return { request: { ...request, parts }, id };
	if (options.json) printJson(io, { shard: shard.index, of: shard.count, missing, folder });
	return null;
}
