import type { Reporter } from '../../telemetry/reporter.ts';
import { ForwardPass, type WindowState } from '../../engine/forward.ts';
import { LanguageHead } from '../../engine/head.ts';
import type { WeightSource } from '../../engine/weights.ts';
import { allocateKept, type KeptWindow } from '../../engine/keptWindow.ts';
import { mean } from '../../statistics/figures.ts';
import type { Window } from '../../model/tokens/types.ts';
import type { AttentionLayout } from '../../engine/layout.ts';
import type { ModelConfig } from '../../model/checkpoint/types.ts';
import type { Part } from './types.ts';
import { attentionFor, byBeginning, caseName, startLayer, type PlanVariant } from './variant.ts';

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

/** Sequences of one length, part by part, on which plans are measured: windows of text, or probes of recall. */
export interface PlanSample {
	of: 'text' | 'recall';
	parts: Record<Part, readonly Sequence[]>;
	layout: AttentionLayout;
	windowsPerGroup: number;
	/** The loss of a sequence is the mean of so many tokens at its end. */
	scored: number;
	/** Floating-point operations of one sequence. */
	work: { layer: number; head: number };
}

type Sequence = Pick<Window, 'document' | 'start' | 'ids'>;

const STAGES: Record<Part, string> = {
	search: 'measuring plans',
	choose: 'choosing',
	report: 'reporting'
};

/**
 * Measures plans on a part's windows of text, or on its probes of recall. Plans are run in an order in which neighbours
 * begin alike; the hidden state before every layer of the last one is kept, and the next runs from where it first differs:
 * each beginning that several plans share is run once.
 */
export class PlanRunner {
	readonly #sample: PlanSample;
	readonly #hidden: number;
	readonly #stores: Record<Part, LossStore>;
	readonly #forward: ForwardPass;
	readonly #head: LanguageHead;
	readonly #rooms: readonly KeptWindow[];
	readonly #options: RunnerOptions;

	private constructor(
		sample: PlanSample,
		hidden: number,
		stores: Record<Part, LossStore>,
		forward: ForwardPass,
		head: LanguageHead,
		options: RunnerOptions
	) {
		this.#sample = sample;
		this.#hidden = hidden;
		this.#stores = stores;
		this.#forward = forward;
		this.#head = head;
		this.#options = options;
		this.#rooms = Array.from({ length: sample.windowsPerGroup }, () =>
			allocateKept(sample.layout, hidden)
		);
	}

	static async open(
		config: ModelConfig,
		sample: PlanSample,
		stores: Record<Part, LossStore>,
		weights: WeightSource,
		options: RunnerOptions
	): Promise<PlanRunner> {
		const forward = new ForwardPass(config, sample.layout, weights);
		const head = await LanguageHead.open(config, sample.scored + 1, weights);
		return new PlanRunner(sample, config.hidden, stores, forward, head, options);
	}

	/**
	 * Loss of each sequence of `part` under each plan (nats/token), [plans][sequences]; only of the sequences `only`
	 * where they are named.
	 */
	async losses(
		part: Part,
		variants: readonly PlanVariant[],
		only?: readonly number[]
	): Promise<number[][]> {
		const store = this.#stores[part];
		const all = this.#sample.parts[part];
		const wanted = only ?? [...all.keys()];
		const named = [...new Map(variants.map((variant) => [caseName(variant), variant]))];
		const isMissing = (window: number, name: string) => store.get(window, name) === undefined;
		const pending = wanted.filter((window) => named.some(([name]) => isMissing(window, name)));
		for (let first = 0; first < pending.length; first += this.#rooms.length) {
			const group = pending.slice(first, first + this.#rooms.length);
			const missing = named.filter(([name]) => group.some((window) => isMissing(window, name)));
			const path = group.map((window, at) => ({
				...this.#rooms[at],
				window,
				ids: all[window].ids
			}));
			let last: PlanVariant | null = null;
			for (const [name, variant] of missing.sort(byBeginning)) {
				const losses = await this.#run(part, path, variant, last);
				last = variant;
				for (const [place, window] of group.entries()) {
					if (!isMissing(window, name)) continue;
					await store.add({ window, case: name, loss: losses[place] });
				}
			}
		}
		return variants.map((variant) =>
			wanted.map((window) => {
				const result = store.get(window, caseName(variant));
				if (result === undefined) throw new Error(`${caseName(variant)} was not measured`);
				return result.loss;
			})
		);
	}

	/**
	 * Mean loss of each window under a plan, run from where it differs from `last`, whose states before every layer are in
	 * `path` (null: there are none yet); the plan's own are there afterwards.
	 */
	async #run(
		part: Part,
		path: readonly KeptWindow[],
		variant: PlanVariant,
		last: PlanVariant | null
	): Promise<number[]> {
		const first = last === null ? 0 : startLayer(variant, last);
		const states: WindowState[] = [];
		for (const each of path) {
			const attention = attentionFor(each, variant);
			if (last === null) {
				const { hidden } = await this.#forward.start(each.ids, attention);
				each.hidden[0].set(hidden);
			}
			states.push({ hidden: each.hidden[first].slice(), attention, window: each.window });
		}
		await this.#forward.run(states, {
			...variant,
			first,
			onLayer: (layer, at) => {
				if (layer + 1 < path[at].hidden.length) path[at].hidden[layer + 1].set(states[at].hidden);
				this.#tell(part, path[at], layer);
			}
		});
		const tail = this.#sample.scored + 1;
		const losses = await this.#head.losses(
			states.map(({ hidden }, at) => ({
				hidden: hidden.subarray(-tail * this.#hidden),
				ids: path[at].ids.slice(-tail)
			}))
		);
		for (const { window } of path) {
			this.#options.reporter.add(this.#sample.work.head, this.#stage(part), window);
		}
		return losses.map(mean);
	}

	#tell(part: Part, { window }: KeptWindow, layer: number): void {
		this.#options.reporter.addLayer(this.#sample.work.layer, this.#stage(part), window, layer);
		this.#options.onLayer();
	}

	#stage(part: Part): string {
		return this.#sample.of === 'recall' ? `recall, ${STAGES[part]}` : STAGES[part];
	}

	async release(): Promise<void> {
		await this.#forward.release();
		await this.#head.release();
	}
}
