import type { RunRecord, RunWindows } from '../../analysis/workspace/run/types.ts';
import { METRICS, type ViewSums } from '../../analysis/similarity/types.ts';
import { randomMaps, seeded, sumsOfMaps } from './attention.ts';

/** A made-up run: 3 layers × 2 heads, two windows of four tokens from one document. */
export interface MadeUpRun {
	record: Omit<RunRecord, 'files'>;
	sums: ViewSums[];
	windows: RunWindows;
}

export function madeUpRun(id = 'tiny-20261123-061503-a1b2'): MadeUpRun {
	const random = seeded(6);
	const maps = [0, 1].map(() => randomMaps(3, 2, 4, random));
	return {
		record: {
			format: 'spanwise/run',
			version: 1,
			id,
			status: 'complete',
			createdAt: '2026-11-23T06:15:03.000Z',
			spanwise: '0.1.0',
			model: {
				name: 'tiny',
				folder: '/models/tiny',
				hash: '00112233445566778899aabbccddeeff',
				architecture: 'LlamaForCausalLM',
				layers: 3,
				heads: 2,
				kvHeads: 1,
				headDim: 4,
				hidden: 8,
				intermediate: 16,
				vocab: 32,
				maxPositions: 64,
				reach: [null, null, null],
				qkvBias: false,
				outputBias: false,
				qkNorm: false,
				parameters: 4000,
				bytes: 16000,
				dtype: 'float32'
			},
			texts: [{ name: 'a.txt', sha256: 'ff', characters: 40 }],
			context: 4,
			windows: [
				{ document: 0, start: 0, tokens: 4 },
				{ document: 0, start: 20, tokens: 4 }
			],
			tokens: 8,
			bos: true,
			metrics: [...METRICS],
			views: ['all'],
			jsRows: 'all',
			profile: { queriesPerWindow: 4, entropyNats: [1, 1, 1], firstTokenMass: [0.5, 0.5, 0.5] },
			loss: 3.5,
			timings: [{ stage: 'layers', seconds: 1.5 }],
			seconds: 2,
			peakRssBytes: 1_000_000,
			notes: [],
			command: 'spanwise analyze tiny --text a.txt --context 4 --windows 2'
		},
		sums: [sumsOfMaps(maps)],
		windows: {
			windows: [
				{ ids: [1, 5, 6, 7], pieces: ['<s>', 'a', ' b', ' c'] },
				{ ids: [1, 8, 9, 2], pieces: ['<s>', 'd', ' e', ' f'] }
			]
		}
	};
}
