import * as v from 'valibot';
import { AXIS_NAMES, type SavingAxis } from '../../plan/axes.ts';
import type { Sources } from '../../plan/types.ts';
import { formatShortPercent, formatSigned } from '../../text/number.ts';
import type { MeasuredChanges } from '../kind.ts';
import { list, report } from '../settings.ts';
import type { PartLoss, PlanKind, Search } from './types.ts';

/** The form of a stored search. */
export const searchForm = report({
	report: report({
		verdict: report({ sentence: v.string() }),
		plans: v.array(report({ plan: report({}) })),
		front: list
	})
});

/** "share, 12.5% of the KV cache: +0.213 nats/token" */
export function searchSummary({ report }: Search): string {
	const { verdict, target, plans } = report;
	const chosen = plans.find(({ name }) => name === verdict.plan);
	const wanted = `${formatShortPercent(target.share)} of the ${AXIS_NAMES[target.axis]}`;
	if (chosen === undefined) return `${verdict.kind}, ${wanted}`;
	return `${verdict.kind}, ${wanted}: ${formatSigned(chosen.report.loss)} nats/token`;
}

/** Figures of a search for lists: the proposed plan, and sharing and dropping at equal savings. Losses are held-out. */
export interface SearchBrief {
	verdict: 'share' | 'drop' | 'mixed' | 'neither';
	/** Of the plan that did best; null: there is none. */
	sources: Sources | null;
	loss: PartLoss | null;
	/** Loss increase of the plan on a passage that comes again; null: not measured. */
	recall: PartLoss | null;
	/** Plans are compared at this fraction of the axis. */
	target: { axis: SavingAxis; share: number };
	share: PartLoss | null;
	drop: PartLoss | null;
	/** The kind that adds least at equal savings; null: the best two are tied, or it was not asked. */
	winner: PlanKind | null;
}

const kindOfVerdict = (kind: SearchBrief['verdict']): PlanKind | null =>
	kind === 'neither' ? null : kind;

export function searchBrief({ report }: Search): SearchBrief {
	const { verdict, target, plans, axes = [] } = report;
	const chosen = plans.find(({ name }) => name === verdict.plan) ?? null;
	const compared = axes.find(({ axis }) => axis === target.axis);
	const best = (kind: PlanKind): PartLoss | null => {
		const measured = compared?.plans ?? plans.filter(({ repaired }) => !repaired);
		const losses = measured.flatMap((plan) => (plan.kind === kind ? [plan.report] : []));
		return losses.sort((a, b) => a.loss - b.loss).at(0) ?? null;
	};
	return {
		verdict: verdict.kind,
		sources: chosen?.sources ?? null,
		loss: chosen?.report ?? null,
		recall: chosen?.recall?.report ?? null,
		target,
		share: best('share'),
		drop: best('drop'),
		// A search of an earlier version compared on no axis: its verdict says.
		winner: compared === undefined ? kindOfVerdict(verdict.kind) : compared.winner
	};
}

/** Its plans, as measured on the held-out part. */
export function searchChanges({ report }: Search): MeasuredChanges {
	return {
		plans: report.plans.map(
			({ name, sources, repaired, report: { loss, low, high }, savings }) => ({
				...{ name, sources, repaired, loss, low, high },
				saved: savings.kvCache
			})
		)
	};
}

/** Names of the refitted weights that the plans of a search name. */
export function refitsOf({ report }: Search): string[] {
	return report.plans.flatMap(({ plan }) => (plan.repair === null ? [] : [plan.repair.file]));
}
