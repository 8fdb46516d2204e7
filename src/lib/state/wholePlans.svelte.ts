import * as v from 'valibot';
import { parseJson } from '$analysis/edge/parseJson.ts';
import { parseOrNull } from '$analysis/edge/parse.ts';
import { parsePlan } from '$analysis/plan/planFile.ts';
import type { Plan } from '$analysis/plan/types.ts';

const STORAGE_KEY = 'spanwise-plans';
/** Plans that one browser keeps; the oldest goes. */
const KEPT = 100;

/**
 * Plans that came whole, from a file or a search, by a short id that the address of a page can hold: head maps and
 * refitted weights do not fit there. They are kept in the browser's storage and outlive a reload.
 */
export class WholePlans {
	/** Ids and plans, the newest last. */
	#plans = $state.raw<readonly (readonly [string, Plan])[]>([]);
	/** The storage was read; before, a plan that is not here may still come. */
	ready = $state(false);

	get(id: string): Plan | null {
		return this.#plans.find(([other]) => other === id)?.[1] ?? null;
	}

	/** Keeps a plan. Returns its id, which is the same for equal plans. */
	put(plan: Plan): string {
		const id = shortId(JSON.stringify(plan));
		const others = this.#plans.filter(([other]) => other !== id);
		this.#plans = [...others, [id, plan] as const].slice(-KEPT);
		try {
			localStorage.setItem(STORAGE_KEY, JSON.stringify(this.#plans));
		} catch {
			// Storage is switched off or full: the plans last as long as the page.
		}
		return id;
	}

	/** Reads what the browser has kept; what is no plan is passed over. */
	attach(): void {
		const here = this.#plans;
		const stored = storedPlans().filter(([id]) => here.every(([other]) => other !== id));
		this.#plans = [...stored, ...here];
		this.ready = true;
	}
}

function storedPlans(): [string, Plan][] {
	try {
		const json = parseJson(localStorage.getItem(STORAGE_KEY) ?? '[]', STORAGE_KEY);
		const entries = parseOrNull(v.array(v.tuple([v.string(), v.unknown()])), json) ?? [];
		return entries.flatMap(([id, plan]): [string, Plan][] => {
			try {
				return [[id, parsePlan(plan, STORAGE_KEY)]];
			} catch {
				return [];
			}
		});
	} catch {
		return [];
	}
}

/** FNV-1a of a text, 32 bits as eight hex digits. */
function shortId(text: string): string {
	let hash = 0x811c9dc5;
	for (let index = 0; index < text.length; index++)
		hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
	return (hash >>> 0).toString(16).padStart(8, '0');
}
