import { planMatches } from '$analysis/plan/planFile.ts';
import type { Plan, Sources } from '$analysis/plan/types.ts';
import { planText } from '../client/planText.ts';
import { importedPlan } from './importedPlan.ts';
import { screenPlan } from '../state/screenPlan.ts';
import type { RunState } from '../state/run.svelte.ts';
import { planOf } from './planOf.ts';
import type { AskedPlan } from './askedPlan.ts';
import type { Measurements } from './measurements.svelte.ts';

/** Choice of the plan that a form sends: the one on the screen, dropped layers and head maps with it, or a file. */
export class PlanChoice {
	readonly #page: RunState;
	readonly #measurements: Measurements;
	from = $state<'screen' | 'file'>('screen');
	file = $state.raw<{ name: string; plan: Plan; warning: string | null } | null>(null);
	/** Of the plan that is chosen; null: no file is chosen yet. */
	readonly sources = $derived.by((): Sources | null =>
		this.from === 'screen' ? this.#page.plan.sources : (this.file?.plan.sources ?? null)
	);

	/** The plan on the screen is chosen, and is still being read. */
	get reading(): boolean {
		return this.from === 'screen' && this.#page.reading;
	}

	constructor(page: RunState, measurements: Measurements) {
		this.#page = page;
		this.#measurements = measurements;
	}

	/** Reads a plan file. Throws an Error that names it where it is none. */
	async read(file: File): Promise<void> {
		const { run, similarity } = this.#page;
		const matrix = similarity?.matrix ?? null;
		const plan = importedPlan(await planText(file), file.name, run.model, matrix);
		this.file = { name: file.name, plan, warning: planMatches(plan, run.model) };
	}

	/** The plan, and the result that has its refitted weights, as a measurement asks for them. */
	async asked(): Promise<AskedPlan> {
		return this.#withRepair(this.#whole() ?? (await screenPlan(this.#page)));
	}

	/** The same without head maps, which the server is not asked for: what an estimate is of. null: no file is chosen. */
	outline(): AskedPlan | null {
		if (this.sources === null) return null;
		return this.#withRepair(this.#whole() ?? planOf(this.#page.run, this.sources));
	}

	/** A plan that came whole; null: one made on the screen. */
	#whole(): Plan | null {
		return this.from === 'file' ? (this.file?.plan ?? null) : this.#page.imported;
	}

	#withRepair(plan: Plan): AskedPlan {
		const repairOf = this.#measurements.repairedBy.get(plan);
		return { plan, ...(repairOf !== undefined && { repairOf }) };
	}
}
