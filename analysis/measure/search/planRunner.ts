import type { Plans, PlansSample, PlansWork } from '../../engine/plans.ts';
import { mean } from '../../statistics/figures.ts';
import type { Reporter } from '../../telemetry/reporter.ts';
import type { Window } from '../../model/tokens/types.ts';
import type { Part } from './types.ts';
import { caseName, type PlanVariant } from './variant.ts';

/** Store of losses, window by window, so that nothing is measured twice. */
export interface LossStore {
	get(window: number, name: string): { loss: number } | undefined;
	add(result: { window: number; case: string; loss: number }): Promise<void>;
}

/** Reporter and callback of a runner. */
export interface RunnerOptions {
	reporter: Reporter;
	/** Called after each layer of each window. */
	onLayer: () => void;
}

/** Sequences of one length, part by part, on which plans are measured: windows of text, or probes of recall. */
export interface PlanSample extends Pick<PlansSample, 'context' | 'scored'> {
	of: 'text' | 'recall';
	parts: Record<Part, readonly Sequence[]>;
	/** Of one sequence. */
	work: PlansWork;
}

type Sequence = Pick<Window, 'document' | 'start' | 'ids'>;

const STAGES: Record<Part, string> = {
	search: 'measuring plans',
	choose: 'choosing',
	report: 'reporting'
};

/** Measures plans on a part's windows of text, or on its probes of recall, and keeps their losses. */
export class PlanRunner {
	readonly #sample: PlanSample;
	readonly #stores: Record<Part, LossStore>;
	readonly #plans: Pick<Plans, 'losses'>;
	readonly #options: RunnerOptions;

	constructor(
		sample: PlanSample,
		stores: Record<Part, LossStore>,
		plans: Pick<Plans, 'losses'>,
		options: RunnerOptions
	) {
		this.#sample = sample;
		this.#stores = stores;
		this.#plans = plans;
		this.#options = options;
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
		const plans = named.map(([, variant]) => variant);
		const sequences = wanted.map((window) => all[window]);
		await this.#plans.losses(plans, sequences, this.#sample.scored, {
			isMissing: (plan, at) => store.get(wanted[at], named[plan][0]) === undefined,
			onLosses: (plan, at, losses) =>
				store.add({ window: wanted[at], case: named[plan][0], loss: mean(losses) }),
			onWork: (_, work, at, layer) => this.#report(part, work, wanted[at], layer)
		});
		return variants.map((variant) =>
			wanted.map((window) => {
				const result = store.get(window, caseName(variant));
				if (result === undefined) throw new Error(`${caseName(variant)} was not measured`);
				return result.loss;
			})
		);
	}

	#report(part: Part, work: number, window: number, layer: number | null): void {
		const { reporter, onLayer } = this.#options;
		const stage = this.#sample.of === 'recall' ? `recall, ${STAGES[part]}` : STAGES[part];
		if (layer === null) {
			reporter.add(work, stage, window);
			return;
		}
		reporter.addLayer(work, stage, window, layer);
		onLayer();
	}
}
