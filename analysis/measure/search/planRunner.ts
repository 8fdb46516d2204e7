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
 * Measures plans on a part's windows of text, or on its probes of recall. For each window a base plan runs once, the hidden state before every
 * layer being kept, and each plan then runs from where it first differs from the base.
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
	 * Loss of each sequence of `part` under each plan (nats/token), [plans][windows]. `base` is a plan that
	 * most of them begin like; the model as it is where none is given.
	 */
	async losses(
		part: Part,
		variants: readonly PlanVariant[],
		base: PlanVariant = identity(this.#sample.layout.layers)
	): Promise<number[][]> {
		const store = this.#stores[part];
		const windows = this.#sample.parts[part];
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
		group: readonly { window: Sequence; index: number }[],
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
		const tail = this.#sample.scored + 1;
		const losses = await this.#head.losses(
			states.map(({ hidden }, at) => ({
				hidden: hidden.subarray(-tail * this.#hidden),
				ids: kept[at].ids.slice(-tail)
			}))
		);
		for (const { window } of kept) {
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
