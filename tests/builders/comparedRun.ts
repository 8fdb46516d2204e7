import { sumsFor } from '../../analysis/similarity/sums.ts';
import { emptySums } from './sums.ts';
import type { RunRecord } from '../../analysis/workspace/run/types.ts';
import type { ViewSums } from '../../analysis/similarity/types.ts';

/**
 * Sums of one head a layer whose maps have norm 1, so that the cosine of two layers in a window is the
 * number given: one matrix [L][L] a window, of which the upper triangle is read.
 */
export function sumsOfCosines(windows: readonly number[][][]): ViewSums {
	const layers = windows[0].length;
	const cells = layers * layers;
	const gram = new Float64Array(cells);
	const perWindow = new Float64Array(windows.length * 2 * cells);
	windows.forEach((matrix, w) => {
		for (let l = 0; l < layers; l++)
			for (let m = 0; m < layers; m++) {
				const value = l === m ? 1 : matrix[Math.min(l, m)][Math.max(l, m)];
				gram[l * layers + m] += value;
				for (const part of [0, 1]) perWindow[(w * 2 + part) * cells + l * layers + m] = value;
			}
	});
	return {
		...emptySums('all', layers, 1, sumsFor(['cosine'])),
		windowCount: windows.length,
		gram,
		null: null,
		windows: perWindow
	};
}

/** The record of a run of a model called `name`, one head a layer, on two windows of one text. */
export function recordOf(
	name: string,
	layers: number,
	changes: Partial<RunRecord> = {}
): RunRecord {
	const perLayer = <T>(value: T) => Array.from({ length: layers }, () => value);
	return {
		format: 'spanwise/run',
		version: 1,
		id: `run-${name}`,
		status: 'complete',
		createdAt: '2026-01-01T00:00:00.000Z',
		spanwise: '0.1.0',
		model: {
			name,
			folder: `/models/${name}`,
			hash: name.repeat(64).slice(0, 64),
			architecture: 'LlamaForCausalLM',
			layers,
			heads: 1,
			kvHeads: 1,
			headDim: 4,
			hidden: 4,
			intermediate: 8,
			vocab: 16,
			maxPositions: 32,
			reach: perLayer(null),
			qkvBias: false,
			outputBias: false,
			qkNorm: false,
			parameters: 1000,
			bytes: 2000,
			dtype: 'bfloat16'
		},
		texts: [{ name: 'text.txt', sha256: 'f'.repeat(64), characters: 100 }],
		context: 8,
		windows: [
			{ document: 0, start: 0, tokens: 8 },
			{ document: 0, start: 50, tokens: 8 }
		],
		tokens: 16,
		bos: true,
		metrics: ['cosine', 'cosine-mean'],
		views: ['all'],
		jsRows: 32,
		profile: { queriesPerWindow: 8, entropyNats: perLayer(1), firstTokenMass: perLayer(0.5) },
		loss: 3,
		files: {},
		timings: [],
		seconds: 1,
		peakRssBytes: 1,
		notes: [],
		command: `spanwise analyze ${name}`,
		...changes
	};
}
