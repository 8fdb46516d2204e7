import {
	ARMS,
	type Arm,
	type Tune,
	type TuneComparison,
	type TunedArm
} from '../../analysis/measure/tune/types.ts';
import type { Sources } from '../../analysis/plan/types.ts';
import { RECALL, type Losses } from './losses.ts';

const STEPS = 60;

/** Tuning takes back most of what a plan adds. */
function arm(name: Arm, sources: Sources, { baseline, added }: Losses): TunedArm {
	const figures = (more: number) => ({ loss: baseline + more, recall: RECALL + 2 * more });
	const before = added(sources);
	const after = 0.3 * before - 0.02;
	return {
		arm: name,
		sources,
		before: figures(before),
		after: figures(after),
		steps: STEPS,
		best: STEPS,
		looks: [0, 20, 40, STEPS].map((step) => ({
			step,
			objective: step === 0 ? null : 0.05 + before * (1 - step / 80),
			...figures(before + ((after - before) * step) / STEPS)
		}))
	};
}

/** A tuning of a plan, with control and rival, whose figures nobody measured. */
export function madeUpTune(
	losses: Losses,
	plans: Record<'planned' | 'rival', Sources>,
	about: Pick<Tune, 'model' | 'texts' | 'context'> & { windows: number }
): Tune {
	const control = plans.planned.map((_, layer) => layer);
	const arms = ARMS.map((name) => arm(name, { ...plans, control }[name], losses));
	const [planned, untouched, rival] = arms;
	const comparison = (
		key: TuneComparison['key'],
		words: string,
		a: TunedArm['before'],
		b: { loss: number } = { loss: losses.baseline }
	): TuneComparison => {
		const text = losses.around(a.loss - b.loss);
		return { key, words, text, recall: losses.around(2 * text.loss) };
	};
	return {
		report: {
			arms,
			comparisons: [
				comparison('before', 'planned, untuned − baseline', planned.before),
				comparison('after', 'planned, tuned − baseline', planned.after),
				comparison('control', 'control, tuned − baseline', untouched.after),
				comparison(
					'againstControl',
					'planned − control, both tuned',
					planned.after,
					untouched.after
				),
				comparison('rivalBefore', 'rival, untuned − baseline', rival.before),
				comparison('rivalAfter', 'rival, tuned − baseline', rival.after),
				comparison('againstRival', 'planned − rival, both tuned', planned.after, rival.after)
			],
			over: 'blocks',
			windows: about.windows,
			probes: 4,
			trainWindows: 120,
			stopWindows: 8,
			settings: {
				...{ context: about.context, windows: about.windows, steps: STEPS, batch: 4 },
				...{ learningRate: 1e-4, distill: 1, lora: null, patience: 3, seed: 0 },
				...{ compare: true, device: 'cpu', dtype: 'float32' }
			}
		},
		folder: '/models/tuned',
		model: about.model,
		texts: about.texts,
		context: about.context,
		notes: [],
		warning: null,
		seconds: 30
	};
}
