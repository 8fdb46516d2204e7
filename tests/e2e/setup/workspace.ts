import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runFolder } from '../../../analysis/workspace/run/list.ts';
import { writeRun } from '../../../analysis/workspace/run/write.ts';
import { similarityOf } from '../../../analysis/similarity/similarity.ts';
import { randomMaps, seeded, sumsOfMaps } from '../../builders/attention.ts';
import { recordOf, sumsOfCosines } from '../../builders/comparedRun.ts';
import { madeUpRun } from '../../builders/run.ts';

const LAYERS = 8;
const HEADS = 2;
const TOKENS = 4;

/** The made-up run of `writeMadeUpRun`. */
export const MADE_UP = {
	id: 'eight-20261123-061503-a1b2',
	name: 'eight',
	layers: LAYERS,
	/** Its cosine, view all: [L, L]. */
	get matrix(): Float64Array {
		return similarityOf(madeUpSums(), 'cosine', [0, 0]).matrix;
	}
};

/** An empty folder that is removed by `remove`. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
	const path = await mkdtemp(join(tmpdir(), 'spanwise-'));
	return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/**
 * Writes a run of 8 layers × 2 heads with the same numbers every time. A workspace that holds one is not
 * empty, so that the server starts nothing by itself.
 */
export async function writeMadeUpRun(home: string): Promise<void> {
	const { record, windows } = madeUpRun(MADE_UP.id);
	const each = <T>(value: T) => Array.from({ length: LAYERS }, () => value);
	const model = {
		...record.model,
		name: MADE_UP.name,
		layers: LAYERS,
		heads: HEADS,
		reach: each(null)
	};
	const profile = { queriesPerWindow: TOKENS, entropyNats: each(1), firstTokenMass: each(0.5) };
	await writeRun(
		runFolder(home, MADE_UP.id),
		{ ...record, model, profile },
		[madeUpSums()],
		windows
	);
}

/**
 * Writes three runs on the same windows, and returns their ids: neighbouring layers of the first are more alike than
 * those of both others all along the depth, and the third has more layers.
 */
export async function writeUnequalRuns(home: string): Promise<string[]> {
	const chain = (layers: number, cosine: number) =>
		Array.from({ length: layers }, (_, row) =>
			Array.from({ length: layers }, (__, column) => cosine ** Math.abs(row - column))
		);
	const runs = [
		{ name: 'steep', layers: 3, cosine: 0.9 },
		{ name: 'level', layers: 3, cosine: 0.6 },
		{ name: 'deep', layers: 5, cosine: 0.4 }
	];
	for (const { name, layers, cosine } of runs) {
		const record = recordOf(name, layers, { id: unequalId(name) });
		const windows = record.windows.map(({ tokens }) => ({
			ids: Array.from({ length: tokens }, () => 1),
			pieces: Array.from({ length: tokens }, () => 'a')
		}));
		const matrix = chain(layers, cosine);
		const sums = sumsOfCosines([matrix, matrix]);
		await writeRun(runFolder(home, unequalId(name)), record, [sums], { windows });
	}
	return runs.map(({ name }) => unequalId(name));
}

function unequalId(name: string): string {
	return `${name}-20261123-061503-a1b2`;
}

function madeUpSums() {
	const random = seeded(8);
	return sumsOfMaps([0, 1].map(() => randomMaps(LAYERS, HEADS, TOKENS, random)));
}
