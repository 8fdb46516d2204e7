import * as v from 'valibot';
import { AXIS_NAMES } from '../../plan/axes.ts';
import { formatShortPercent, formatSigned } from '../../text/number.ts';
import { list, report } from '../settings.ts';
import type { Search } from './types.ts';

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

/** Names of the refitted weights that the plans of a search name. */
export function refitsOf({ report }: Search): string[] {
	return report.plans.flatMap(({ plan }) => (plan.repair === null ? [] : [plan.repair.file]));
}
