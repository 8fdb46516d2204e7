import { availableParallelism } from 'node:os';
import * as v from 'valibot';
import { readCache, writeCache } from '../model/checkpoint/cacheFile.ts';

const SPEED = 'speed.json';

const speedSchema = v.object({
	version: v.literal(1),
	operationsPerSecond: v.pipe(v.number(), v.minValue(1))
});

/** A core with AVX2 does about 40 to 120 GFLOP/s of float32 products; much is lost on the way. */
const GUESSED_OPERATIONS_PER_CORE_SECOND = 30e9;

/** Operations a second (in the unit of work.ts) of the last run in this workspace, else a guess by cores. */
export async function operationsPerSecond(
	home: string
): Promise<{ rate: number; from: 'earlier runs' | 'guess' }> {
	const speed = await readCache(home, SPEED, speedSchema);
	if (speed !== null) return { rate: speed.operationsPerSecond, from: 'earlier runs' };
	return { rate: GUESSED_OPERATIONS_PER_CORE_SECOND * availableParallelism(), from: 'guess' };
}

/** Remembers how fast a run was. */
export async function rememberSpeed(home: string, rate: number): Promise<void> {
	await writeCache(home, SPEED, { version: 1, operationsPerSecond: rate });
}
