import type { Plan } from '../types.ts';

/** plan.json, as it is read back by `parsePlan`. */
export function planJson(plan: Plan): string {
	return `${JSON.stringify(plan, null, '\t')}\n`;
}
