import * as v from 'valibot';
import { parseJson } from '$analysis/edge/parseJson.ts';
import { parseOrNull } from '$analysis/edge/parse.ts';
import type { Sources } from '$analysis/plan/types.ts';

const STORAGE_KEY = 'spanwise-variants';
const NAMES = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ');

const variantSchema = v.object({
	/** "A" */
	name: v.string(),
	/** Of `planKey`: what it computes. */
	key: v.string(),
	sources: v.array(v.nullable(v.number())),
	/** Id of the whole plan that has its head maps or refitted weights; null: it has none. */
	origin: v.nullable(v.string())
});
const storedSchema = v.record(v.string(), v.array(variantSchema));

/** A plan kept under a letter. */
export type Variant = v.InferOutput<typeof variantSchema>;

/** Plans of one run kept side by side, A, B, C …, in the browser's storage. */
export class Variants {
	list = $state.raw<readonly Variant[]>([]);
	readonly #run: string;

	constructor(run: string) {
		this.#run = run;
	}

	/** The letter that the next one gets; null: none is left. */
	readonly next = $derived(
		NAMES.find((name) => this.list.every((other) => other.name !== name)) ?? null
	);

	/** The one that computes what `key` says. */
	named(key: string): string | null {
		return this.list.find((other) => other.key === key)?.name ?? null;
	}

	/** Keeps a plan under the next letter. Returns it, or the letter that it has already; null: no letter is left. */
	keep(plan: { key: string; sources: Sources; origin: string | null }): string | null {
		const name = this.named(plan.key) ?? this.next;
		if (name === null || this.named(plan.key) !== null) return name;
		const { key, sources, origin } = plan;
		this.#store([...this.list, { name, key, sources, origin }]);
		return name;
	}

	remove(name: string): void {
		this.#store(this.list.filter((other) => other.name !== name));
	}

	/** Reads what the browser has kept. */
	attach(): void {
		this.list = stored()[this.#run] ?? [];
	}

	#store(list: readonly Variant[]): void {
		this.list = list.toSorted((a, b) => a.name.localeCompare(b.name));
		try {
			const all = { ...stored(), [this.#run]: this.list };
			localStorage.setItem(STORAGE_KEY, JSON.stringify(all));
		} catch {
			// Storage is switched off or full: the variants last as long as the page.
		}
	}
}

function stored(): v.InferOutput<typeof storedSchema> {
	try {
		const text = localStorage.getItem(STORAGE_KEY) ?? '{}';
		return parseOrNull(storedSchema, parseJson(text, STORAGE_KEY)) ?? {};
	} catch {
		return {};
	}
}
