import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';

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
	try {
		const speed = v.parse(speedSchema, JSON.parse(await readFile(speedFile(home), 'utf8')));
		return { rate: speed.operationsPerSecond, from: 'earlier runs' };
	} catch {
		// Nothing remembered, or nothing that can be read: estimates say that they are guesses.
		return { rate: GUESSED_OPERATIONS_PER_CORE_SECOND * availableParallelism(), from: 'guess' };
	}
}

/** Remembers how fast a run was. */
export async function rememberSpeed(home: string, rate: number): Promise<void> {
	await mkdir(join(home, 'cache'), { recursive: true });
	const temporary = `${speedFile(home)}.${process.pid}.tmp`;
	try {
		await writeFile(temporary, `${JSON.stringify({ version: 1, operationsPerSecond: rate })}\n`);
		await rename(temporary, speedFile(home));
	} finally {
		await rm(temporary, { force: true });
	}
}

function speedFile(home: string): string {
	return join(home, 'cache', 'speed.json');
}
