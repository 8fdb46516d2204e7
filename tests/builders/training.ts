import { seeded } from './attention.ts';
import type { Dynamics, DynamicsStep } from '../../analysis/compare/dynamics.ts';

const LAYERS = 12;
const STEPS = [1, 8, 64, 512, 1000, 4000, 16_000, 64_000, 143_000];

/** A made-up training of twelve layers, whose last checkpoint is `run`: loss falls, and deep layers come to attend alike. */
export function madeUpTraining(run: string): Dynamics {
	const random = seeded(LAYERS);
	const steps = STEPS.map((step, at): DynamicsStep => {
		const done = at / (STEPS.length - 1);
		const pairs = Array.from(
			{ length: LAYERS - 1 },
			(_, layer) => 0.95 - 0.6 * done * (1 - (0.8 * layer) / LAYERS) + 0.03 * random()
		);
		const value = pairs.reduce((sum, pair) => sum + pair, 0) / pairs.length;
		const each = (most: number) => (layer: number) => most * done * (0.2 + layer / LAYERS);
		const layers = Array.from({ length: LAYERS }, (_, layer) => layer);
		return {
			...{ step, name: `step${step}`, run: done === 1 ? run : `training-${step}`, hash: '0' },
			loss: 3 + 7.8 * (1 - done) ** 2,
			recall: 0.4 + 10.4 * (1 - done) ** 4,
			similarity: { value, low: value - 0.02, high: value + 0.02 },
			pairs,
			damage: {
				drop: layers.map(each(0.5)),
				next: layers.map((layer) => (layer === 0 ? null : each(0.3)(layer)))
			}
		};
	});
	const texts = [{ name: 'walden.txt', sha256: '5e'.repeat(32) }];
	return { metric: 'cosine', view: 'all', texts, context: 512, windows: 8, steps };
}
