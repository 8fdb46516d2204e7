/** A measurement cut into parts for several machines: which windows belong to which. */
import { InputError } from '../../errors.ts';

/** One part of a measurement, counted from 0. */
export interface Shard {
	index: number;
	count: number;
}

/** More than any cluster starts at once, and few enough to list those that are missing. */
const MOST_SHARDS = 10_000;

/** The variables of schedulers that say which task of an array this is, in the order in which they are looked at. */
const SLURM_INDEX = 'SLURM_ARRAY_TASK_ID';
const SLURM_COUNT = 'SLURM_ARRAY_TASK_COUNT';
const KUBERNETES_INDEX = 'JOB_COMPLETION_INDEX';

/**
 * "1/4": the second of four shards. "auto/4" takes the index from SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX, "auto" the
 * count from SLURM_ARRAY_TASK_COUNT, too. Throws InputError for anything else; an empty variable is never taken as 0.
 */
export function parseShard(text: string, env: Readonly<Record<string, string | undefined>>): Shard {
	const found = /^auto(\/\d+)?$/.test(text)
		? scheduled(text.slice('auto/'.length), env)
		: /^(\d+)\/(\d+)$/.exec(text)?.slice(1);
	if (found === undefined)
		throw new InputError(
			`--shard: found "${text}"; expected index/count from 0, such as 0/4, or auto or auto/4 in a job of Slurm or Kubernetes`
		);
	const [index, count] = found;
	const shard = { index: Number(index), count: Number(count) };
	if (shard.count < 1 || shard.count > MOST_SHARDS)
		throw new InputError(`--shard: ${count} shards; allowed: 1 to ${MOST_SHARDS}`);
	if (shard.index >= shard.count)
		throw new InputError(
			`--shard: shard ${index} of ${count}; shards count from 0, so the last is ${shard.count - 1} (for Slurm: --array=0-${shard.count - 1})`
		);
	return shard;
}

/** Index and count that a scheduler says; `count` where the user says it. */
function scheduled(
	count: string,
	env: Readonly<Record<string, string | undefined>>
): [string, string] {
	const name = [SLURM_INDEX, KUBERNETES_INDEX].find((each) => env[each] !== undefined);
	if (name === undefined)
		throw new InputError(
			`--shard auto: neither ${SLURM_INDEX} nor ${KUBERNETES_INDEX} is set; start it as a job array, or give --shard index/count`
		);
	if (count === '' && name === KUBERNETES_INDEX)
		throw new InputError(
			'--shard auto: Kubernetes does not say how many shards there are; give --shard auto/COUNT, with the completions of the job'
		);
	return [numberIn(name, env), count === '' ? numberIn(SLURM_COUNT, env) : count];
}

function numberIn(name: string, env: Readonly<Record<string, string | undefined>>): string {
	const value = env[name] ?? '';
	if (/^\d+$/.test(value)) return value;
	throw new InputError(`--shard auto: ${name} is "${value}"; expected a whole number`);
}

/** The task of a job array that this process is, where nothing was said of shards; null: it is none. */
export function scheduledTask(env: Readonly<Record<string, string | undefined>>): string | null {
	const name = [SLURM_INDEX, KUBERNETES_INDEX].find((each) => /^\d+$/.test(env[each] ?? ''));
	return name === undefined ? null : `${name}=${env[name] ?? ''}`;
}

/** Those of `count` windows that are a shard's: from `from` up to, not including, `to`. Shards in order have them in order. */
export function rangeOf(
	count: number,
	{ index, count: shards }: Shard
): { from: number; to: number } {
	return {
		from: Math.floor((index * count) / shards),
		to: Math.floor(((index + 1) * count) / shards)
	};
}

/** Those of some windows that are a shard's; without a shard all. */
export function ownOf<Item>(items: readonly Item[], shard: Shard | undefined): Item[] {
	if (shard === undefined) return [...items];
	const { from, to } = rangeOf(items.length, shard);
	return items.slice(from, to);
}

/** "shard 1 of 4" */
export function shardWords({ index, count }: Shard): string {
	return `shard ${index} of ${count}`;
}
