import { parseJson } from '$analysis/edge/parseJson.ts';
import { quoted } from '$analysis/edge/quote.ts';
import type { Plan } from '$analysis/plan/types.ts';

/** The plan that is measured, and the result that has its refitted weights. */
export interface AskedPlan {
	plan: Plan;
	repairOf?: string;
}

/** A file's text as JSON. Throws an Error that names the file. */
export function planFromText(text: string, name: string): unknown {
	try {
		return parseJson(text, name);
	} catch (cause) {
		throw new Error(`${quoted(name)}: not JSON; expected a plan that Spanwise saved`, { cause });
	}
}
