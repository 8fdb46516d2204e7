import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runFolder } from '../../../analysis/run/list.ts';
import { writeRun } from '../../../analysis/run/write.ts';
import { similarityOf } from '../../../analysis/similarity/similarity.ts';
import { randomMaps, seeded, sumsOfMaps } from '../../builders/attention.ts';
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

function madeUpSums() {
	const random = seeded(8);
	return sumsOfMaps([0, 1].map(() => randomMaps(LAYERS, HEADS, TOKENS, random)));
}
