import * as v from 'valibot';
import type { Plan } from '../../plan/types.ts';
import { lossText } from '../../text/interval.ts';
import type { MeasuredChanges, MeasuredPlan } from '../kind.ts';
import { list, report } from '../settings.ts';
import type { Paired, Tune, TuneComparison } from './types.ts';

const loss = v.nullable(v.number());
const paired = v.object({ loss: v.number(), low: loss, high: loss });

/** The form of a stored tuning. */
export const tuneForm = report({
	folder: v.string(),
	report: report({
		arms: v.array(report({ arm: v.string(), looks: list })),
		comparisons: v.array(
			report({
				key: v.string(),
				text: paired,
				recall: v.nullable(paired),
				accuracy: v.optional(v.object({ value: v.number(), low: loss, high: loss, p: v.number() }))
			})
		),
		windows: v.number()
	})
});

/** "4 followers: +0.213 [+0.200, +0.226] nats/token, tuned +0.041 [+0.030, +0.052]" */
export function tuneSummary(tune: Tune, plan: string): string {
	const { text: before } = comparison(tune, 'before');
	const { text: after } = comparison(tune, 'after');
	return `${plan}: ${lossText(before)} nats/token, tuned ${lossText(after)}`;
}

/** Summary of a tuning for lists: its differences in loss and recall, nats/token. */
export interface TuneBrief {
	sources: (number | null)[];
	before: Paired;
	after: Paired;
	recall: Paired | null;
	/** Against the untouched model and the rival, tuned alike; null: they were not. */
	againstControl: Paired | null;
	againstRival: Paired | null;
}

export function tuneBrief(tune: Tune, plan: Plan | null): TuneBrief {
	const of = (key: TuneComparison['key']) =>
		tune.report.comparisons.find((each) => each.key === key)?.text ?? null;
	const after = comparison(tune, 'after');
	return {
		sources: plan?.sources ?? [],
		before: comparison(tune, 'before').text,
		after: after.text,
		recall: after.recall,
		againstControl: of('againstControl'),
		againstRival: of('againstRival')
	};
}

/** The plan before and after tuning, each over the untouched model. */
export function tuneChanges(tune: Tune, plan: Plan): MeasuredChanges {
	const { sources, repair, predicted } = plan;
	const saved = predicted?.kCache.shareOfKv ?? null;
	const measured = (name: string, key: 'before' | 'after'): MeasuredPlan => {
		const { loss, low, high } = comparison(tune, key).text;
		return { name, sources, repaired: repair !== null, loss, low, high, saved };
	};
	return { plans: [measured('untuned', 'before'), measured('tuned', 'after')] };
}

function comparison({ report }: Tune, key: 'before' | 'after'): TuneComparison {
	const found = report.comparisons.find((each) => each.key === key);
	if (found === undefined) throw new RangeError(`a tuning without the comparison ${key}`);
	return found;
}
