import type { Reporter } from '../../telemetry/reporter.ts';
import { ForwardPass, type WindowState } from '../../engine/forward.ts';
import { LanguageHead } from '../../engine/head.ts';
import type { WeightSource } from '../../engine/weights.ts';
import { allocateKept, type KeptWindow } from '../../engine/keptWindow.ts';
import { mean } from '../../statistics/figures.ts';
import type { Window } from '../../model/tokens/types.ts';
import type { PreparedSearch } from './prepare.ts';
import type { Part } from './types.ts';
import { attentionFor, caseName, identity, startLayer, type PlanVariant } from './variant.ts';

/** Where losses are kept, window by window, so that nothing is measured twice. */
export interface LossStore {
	get(window: number, name: string): { loss: number } | undefined;
	add(result: { window: number; case: string; loss: number }): Promise<void>;
}

/** Who is told of what is done. */
export interface RunnerOptions {
	reporter: Reporter;
	/** Told after each layer of each window. */
	onLayer: () => void;
}

const STAGES: Record<Part, string> = {
	search: 'measuring plans',
	choose: 'choosing',
	report: 'reporting'
};

/**
 * Measures plans on the windows of a part. For each window a base plan runs once, the hidden state before every
 * layer being kept, and each plan then runs from where it first differs from the base.
 */
export class PlanRunner {
	readonly #prepared: PreparedSearch;
	readonly #stores: Record<Part, LossStore>;
	readonly #forward: ForwardPass;
	readonly #head: LanguageHead;
	readonly #rooms: readonly KeptWindow[];
	readonly #options: RunnerOptions;

	private constructor(
		prepared: PreparedSearch,
		stores: Record<Part, LossStore>,
		forward: ForwardPass,
		head: LanguageHead,
		options: RunnerOptions
	) {
		this.#prepared = prepared;
		this.#stores = stores;
		this.#forward = forward;
		this.#head = head;
		this.#options = options;
		const { layout, memory, checkpoint } = prepared;
		this.#rooms = Array.from({ length: memory.windowsPerGroup }, () =>
			allocateKept(layout, checkpoint.config.hidden)
		);
	}

	static async open(
		prepared: PreparedSearch,
		stores: Record<Part, LossStore>,
		weights: WeightSource,
		options: RunnerOptions
	): Promise<PlanRunner> {
		const { config } = prepared.checkpoint;
		const forward = new ForwardPass(config, prepared.layout, weights);
		const head = await LanguageHead.open(config, prepared.context, weights);
		return new PlanRunner(prepared, stores, forward, head, options);
	}

	/**
	 * Mean loss of each window of `part` under each plan, nats a token, [plans][windows]. `base` is a plan that
	 * most of them begin like; the model as it is where none is given.
	 */
	async losses(
		part: Part,
		variants: readonly PlanVariant[],
		base: PlanVariant = identity(this.#prepared.layout.layers)
	): Promise<number[][]> {
		const store = this.#stores[part];
		const windows = this.#prepared.parts[part];
		const named = [...new Map(variants.map((variant) => [caseName(variant), variant]))];
		const isMissing = (window: number, name: string) => store.get(window, name) === undefined;
		const pending = windows.flatMap((window, index) =>
			named.some(([name]) => isMissing(index, name)) ? [{ window, index }] : []
		);
		for (let first = 0; first < pending.length; first += this.#rooms.length) {
			const group = pending.slice(first, first + this.#rooms.length);
			const missing = named.filter(([name]) => group.some(({ index }) => isMissing(index, name)));
			const starts = missing.map(([, variant]) => startLayer(variant, base));
			const kept = await this.#keep(part, group, base, Math.max(...starts));
			for (const [at, [name, variant]] of missing.entries()) {
				const losses = await this.#run(part, kept, variant, starts[at]);
				for (const [place, { window }] of kept.entries()) {
					if (!isMissing(window, name)) continue;
					await store.add({ window, case: name, loss: losses[place] });
				}
			}
		}
		return variants.map((variant) =>
			windows.map((_, window) => {
				const result = store.get(window, caseName(variant));
				if (result === undefined) throw new Error(`${caseName(variant)} was not measured`);
				return result.loss;
			})
		);
	}

	/** Runs the base as far as layer `last`, which it does not run, and keeps the states before the layers. */
	async #keep(
		part: Part,
		group: readonly { window: Window; index: number }[],
		base: PlanVariant,
		last: number
	): Promise<KeptWindow[]> {
		const kept = group.map(({ window: { ids }, index }, at) => ({
			...this.#rooms[at],
			window: index,
			ids
		}));
		const states: WindowState[] = [];
		for (const each of kept) {
			const state = await this.#forward.start(each.ids, attentionFor(each, base));
			states.push({ ...state, window: each.window });
		}
		for (const [at, { hidden }] of states.entries()) kept[at].hidden[0].set(hidden);
		await this.#forward.run(states, {
			...base,
			last: last - 1,
			onLayer: (layer, at) => {
				kept[at].hidden[layer + 1].set(states[at].hidden);
				this.#tell(part, kept[at], layer);
			}
		});
		return kept;
	}

	/** Mean loss of each window under a plan, run from layer `first` on. */
	async #run(
		part: Part,
		kept: readonly KeptWindow[],
		variant: PlanVariant,
		first: number
	): Promise<number[]> {
		const states = kept.map((each) => ({
			hidden: each.hidden[first].slice(),
			attention: attentionFor(each, variant),
			window: each.window
		}));
		await this.#forward.run(states, {
			...variant,
			first,
			onLayer: (layer, at) => this.#tell(part, kept[at], layer)
		});
		const losses = await this.#head.losses(
			states.map(({ hidden }, at) => ({ hidden, ids: kept[at].ids }))
		);
		for (const { window } of kept) {
			this.#options.reporter.add(this.#prepared.work.head, STAGES[part], window);
		}
		return losses.map(mean);
	}

	#tell(part: Part, { window }: KeptWindow, layer: number): void {
		this.#options.reporter.addLayer(this.#prepared.work.layer, STAGES[part], window, layer);
		this.#options.onLayer();
	}

	async release(): Promise<void> {
		await this.#forward.release();
		await this.#head.release();
	}
}
