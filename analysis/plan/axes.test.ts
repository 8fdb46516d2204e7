import { describe, expect, it } from 'vitest';
import { seeded } from '../statistics/resample.ts';
import { SAVING_AXES, savedFractions, savedPerLayer } from './axes.ts';
import type { SavingsFacts, SavingsSetting } from './savings.ts';
import type { Sources } from './types.ts';

const setting: SavingsSetting = { context: 100, batch: 2, elementBytes: 2 };
const plain: SavingsFacts = {
	layers: 12,
	heads: 6,
	kvHeads: 6,
	headDim: 32,
	hidden: 192,
	intermediate: 512,
	vocab: 4096,
	reach: new Array<null>(12).fill(null),
	qkvBias: false,
	outputBias: false,
	qkNorm: false,
	parameters: 6_700_000
};
const window = Array.from({ length: 12 }, (_, layer) => (layer < 5 ? null : 64));
const models: Record<string, SavingsFacts> = {
	plain,
	'a sliding window in some layers': { ...plain, reach: window },
	'grouped queries': { ...plain, kvHeads: 2 },
	'biases and norms': { ...plain, qkvBias: true, outputBias: true, qkNorm: true },
	'all of it': {
		...{ ...plain, kvHeads: 1, reach: window },
		...{ qkvBias: true, outputBias: true, qkNorm: true }
	}
};

/** Layer by layer: kept, dropped, or a follower where the layer before it is not dropped. */
function randomPlan(layers: number, random: () => number): Sources {
	const sources: Sources = [];
	for (let layer = 0; layer < layers; layer++) {
		const before = sources.at(-1) ?? layer;
		sources.push(
			[layer, null, sources[layer - 1] === null ? layer : before][Math.floor(random() * 3)]
		);
	}
	return sources;
}

describe('savedFractions', () => {
	it('has of a follower its K, of a dropped layer its K and V, on the axes of caches', () => {
		expect(savedFractions(plain, [0, 0, 2, 3, null, 5, 6, 7, 8, 9, 10, 11], setting)).toMatchObject(
			{
				kCache: 2 / 12,
				kvCache: 3 / 24
			}
		);
	});
	it('is nothing where nothing is saved', () => {
		const kept = Array.from({ length: 12 }, (_, layer) => layer);
		for (const fraction of Object.values(savedFractions(plain, kept, setting)))
			expect(fraction).toBe(0);
	});
});

describe('savedPerLayer', () => {
	it.each(Object.entries(models))('adds up to what random plans save: %s', (_, model) => {
		const random = seeded(3);
		const plans = Array.from({ length: 50 }, () => randomPlan(model.layers, random));
		for (const axis of SAVING_AXES) {
			const { share, drop } = savedPerLayer(model, setting, axis);
			for (const sources of plans) {
				const sum = sources.reduce<number>(
					(total, source, layer) =>
						source === layer ? total : total + (source === null ? drop : share)[layer],
					0
				);
				const saved = savedFractions(model, sources, setting)[axis];
				expect(Math.abs(sum - saved), `${axis} of ${sources.join()}`).toBeLessThan(1e-12);
			}
		}
	});
	it('is less where a window is shorter; layer 0 has none to follow', () => {
		const sliding = { ...plain, reach: window };
		const { share, drop } = savedPerLayer(sliding, setting, 'kCache');
		const all = 5 * 100 + 7 * 64;
		expect(share.map((value) => Math.round(value * all))).toEqual([
			...[0, 100, 100, 100, 100],
			...[64, 64, 64, 64, 64, 64, 64]
		]);
		expect(drop[0] * all).toBeCloseTo(100, 9);
	});
});
