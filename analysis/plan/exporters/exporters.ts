import type { Plan } from '../types.ts';
import { spansCsv } from './spans.ts';
import { planJson } from './json.ts';
import { shareAttProblem, toShareAtt } from './shareatt.ts';

export const EXPORTERS = ['json', 'csv', 'shareatt'] as const;
export type Exporter = (typeof EXPORTERS)[number];

/** Degree to which an export keeps a plan, and the reason if it does not keep all of it. */
export interface Fidelity {
	label: 'exact' | 'approximate' | 'refused';
	reason: string | null;
}

/** Returns how faithful an export of a plan in that form would be, without exporting it. */
export function fidelityOf(plan: Plan, exporter: Exporter): Fidelity {
	if (exporter === 'shareatt') {
		const problem = shareAttProblem(plan);
		if (problem !== null) return { label: 'refused', reason: problem };
	}
	if (exporter === 'csv' && plan.sources.includes(null))
		return { label: 'approximate', reason: 'dropped layers are in no span' };
	return { label: 'exact', reason: null };
}

/** The plan in that form, as text. Throws InputError where it is refused. */
export function exportPlan(plan: Plan, exporter: Exporter): string {
	if (exporter === 'csv') return spansCsv(plan);
	if (exporter === 'json') return planJson(plan);
	return `${JSON.stringify(toShareAtt(plan))}\n`;
}
