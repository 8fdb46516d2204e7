import { seeded } from './attention.ts';
import { RECALL, type Losses } from './losses.ts';
import type { Dynamics, DynamicsStep } from '../../analysis/compare/dynamics.ts';
import type { RunRecord } from '../../analysis/workspace/run/types.ts';

const STEPS = [1, 8, 64, 512, 1000, 4000, 16_000, 64_000, 143_000];

/** A made-up training, whose last checkpoint is a run of such similarity, [L, L], and losses: loss falls, and layers come to differ. */
export function madeUpTraining(
	{ id, model, texts, context, windows }: Omit<RunRecord, 'files'>,
	matrix: Float64Array,
	losses: Losses
): Dynamics {
	const random = seeded(model.layers);
	const layers = Array.from({ length: model.layers }, (_, layer) => layer);
	const steps = STEPS.map((step, at): DynamicsStep => {
		const done = at / (STEPS.length - 1);
		const pairs = layers.slice(1).map((layer) => {
			const last = matrix[(layer - 1) * model.layers + layer];
			return done * last + (1 - done) * (0.95 + 0.03 * random());
		});
		const value = pairs.reduce((sum, pair) => sum + pair, 0) / pairs.length;
		return {
			...{ step, name: `step${step}`, run: done === 1 ? id : `training-${step}`, hash: '0' },
			loss: losses.baseline + 7.8 * (1 - done) ** 2,
			recall: RECALL + 10.4 * (1 - done) ** 4,
			similarity: { value, low: value - 0.02, high: value + 0.02 },
			pairs,
			damage: {
				drop: layers.map((layer) => done * losses.drop(layer)),
				next: layers.map((layer) => (layer === 0 ? null : done * losses.pair(layer - 1, layer)))
			}
		};
	});
	return { metric: 'cosine', view: 'all', texts, context, windows: windows.length, steps };
}
