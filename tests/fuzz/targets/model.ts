import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readSums, readWindows } from '../../../analysis/workspace/run/read.ts';
import { similarityOf } from '../../../analysis/similarity/similarity.ts';
import { Finding } from '../target.ts';
import { analyze } from '../../builders/opened.ts';

/** Figures of a model by an analysis. */
export interface Figures {
	/** nats/token */
	loss: number;
	/** `cosine` of every pair of layers, row-major. */
	cosine: number[];
	/** Token ids of every window. */
	ids: number[][];
}

const DOCUMENT = {
	name: 'a.txt',
	text: 'the cat sat on the mat and the dog lay by the door '.repeat(12)
};
/** Windows long enough for attention to differ, short enough to try thousands. */
const SHAPE = { context: 24, windows: 2 };
/** Other orders of summation round differently. */
export const LOSS_TOLERANCE = 2e-5;
const COSINE_TOLERANCE = 1e-5;

/** Analyses a model folder into `runs` beside it. Throws Finding where a refusal leaves something behind. */
export async function figuresOf(modelFolder: string): Promise<Figures> {
	const root = dirname(modelFolder);
	const runFolder = join(root, 'runs', 'run');
	try {
		const record = await analyze(
			{
				modelFolder,
				documents: [DOCUMENT],
				...SHAPE,
				metrics: ['cosine'],
				views: ['all'],
				jsRows: 32,
				memoryLimitBytes: 2e9,
				home: join(root, 'home')
			},
			{ runFolder, id: 'run', command: 'spanwise analyze', onProgress: () => undefined }
		);
		const sums = await readSums(runFolder, record, 'all');
		const { windows } = await readWindows(runFolder, record);
		const documents = record.windows.map(({ document }) => document);
		const { matrix } = similarityOf(sums, 'cosine', documents);
		return { loss: record.loss, cosine: [...matrix], ids: windows.map(({ ids }) => ids) };
	} catch (error) {
		const left = await readdir(join(root, 'runs')).catch(() => []);
		if (left.length > 0) throw new Finding(`refused, but left ${left.join(', ')} behind`);
		throw error;
	}
}

/** Throws Finding where figures differ from those expected by more than rounding, or are no numbers. */
export function mustEqual(change: string, found: Figures, expected: Figures): void {
	const loss = Math.abs(found.loss - expected.loss);
	const cosine = found.cosine.map((value, cell) =>
		Math.abs(value - (expected.cosine.at(cell) ?? NaN))
	);
	// Written so that NaN fails.
	const equal =
		loss <= LOSS_TOLERANCE &&
		found.cosine.length === expected.cosine.length &&
		cosine.every((difference) => difference <= COSINE_TOLERANCE);
	if (equal) return;
	throw new Finding(
		`${change}: another number without a word: loss ${found.loss}, expected ${expected.loss}; ` +
			`cosines differ by ${Math.max(...cosine)}`
	);
}
