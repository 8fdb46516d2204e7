import type { Tune, TunedArm, TuneComparison } from '../../analysis/measure/tune/types.ts';

const paired = (loss: number) => ({ loss, low: loss - 0.02, high: loss + 0.02 });

function arm(name: TunedArm['arm'], sources: (number | null)[], start: number): TunedArm {
	const looks = [0, 20, 40, 60].map((step) => ({
		step,
		objective: step === 0 ? null : start / 10 - step / 1000,
		loss: 3 + start - step / 200,
		recall: 1 + start - step / 100
	}));
	return {
		arm: name,
		sources,
		before: { loss: 3 + start, recall: 1 + start },
		after: { loss: 2.7 + start, recall: 0.4 + start },
		steps: 60,
		best: 60,
		looks
	};
}

/** A tuning of a plan, with control and rival, whose figures nobody measured. */
export function madeUpTune(
	sources: (number | null)[],
	about: Pick<Tune, 'model' | 'texts' | 'context'> & { windows: number }
): Tune {
	const own = sources.map((_, layer) => layer);
	const comparison = (key: TuneComparison['key'], words: string, loss: number): TuneComparison => ({
		key,
		words,
		text: paired(loss),
		recall: paired(2 * loss)
	});
	return {
		report: {
			arms: [
				arm('planned', sources, 0.3),
				arm('control', own, 0),
				arm('rival', [null, ...own.slice(1)], 0.5)
			],
			comparisons: [
				comparison('before', 'planned, untuned − baseline', 0.3),
				comparison('after', 'planned, tuned − baseline', 0.05),
				comparison('control', 'control, tuned − baseline', -0.02),
				comparison('againstControl', 'planned − control, both tuned', 0.07),
				comparison('rivalBefore', 'rival, untuned − baseline', 0.5),
				comparison('rivalAfter', 'rival, tuned − baseline', 0.15),
				comparison('againstRival', 'planned − rival, both tuned', -0.1)
			],
			over: 'blocks',
			windows: about.windows,
			probes: 4,
			trainWindows: 120,
			stopWindows: 8,
			settings: {
				...{ context: about.context, windows: about.windows, steps: 60, batch: 4 },
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
