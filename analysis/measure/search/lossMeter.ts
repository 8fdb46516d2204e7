import { meanInterval } from '../../statistics/figures.ts';
import { drawWindows, type Draws } from '../../statistics/resample.ts';
import type { PlanRunner } from './planRunner.ts';
import { spreadOrder } from './rounds.ts';
import { PARTS, type Part, type PartLoss } from './types.ts';
import { identity, type PlanVariant } from './variant.ts';

/** Measures the loss increase of plans on a part. */
export type PartMeter = Pick<LossMeter, 'added'>;

/** Measures the loss increase of plans over the baseline, part by part. */
export class LossMeter {
	readonly #runner: Pick<PlanRunner, 'losses'>;
	readonly #baseline: PlanVariant;
	/** Of each part, its windows in an order whose beginnings are spread over it. */
	readonly #order: Record<Part, number[]>;
	readonly draws: Record<Part, Draws | null>;

	constructor(
		runner: Pick<PlanRunner, 'losses'>,
		parts: Record<Part, readonly { document: number }[]>,
		layers: number
	) {
		this.#runner = runner;
		this.#baseline = identity(layers);
		const [search, choose, report] = PARTS.map((part) =>
			drawWindows(parts[part].map(({ document }) => document))
		);
		this.draws = { search, choose, report };
		this.#order = {
			search: spreadOrder(parts.search.length),
			choose: spreadOrder(parts.choose.length),
			report: spreadOrder(parts.report.length)
		};
	}

	/** Windows or probes of a part. */
	count(part: Part): number {
		return this.#order[part].length;
	}

	/** Mean loss of each window of the baseline. */
	async baseline(part: Part): Promise<number[]> {
		const [losses] = await this.#runner.losses(part, [this.#baseline]);
		return losses;
	}

	/** Nats/token that each plan adds, paired by window. */
	async added(part: Part, variants: readonly PlanVariant[]): Promise<PartLoss[]> {
		const byWindow = await this.addedByWindow(part, variants);
		return byWindow.map((deltas) => this.interval(part, deltas));
	}

	/** Nats/token that each plan adds on each window of `part`, [plans][windows]. */
	async addedByWindow(part: Part, variants: readonly PlanVariant[]): Promise<number[][]> {
		return this.#deltas(part, variants);
	}

	/**
	 * The same on the first `count` windows of an order that is spread over the part, [plans][count]; more windows begin
	 * with the same ones.
	 */
	async addedOnFirst(
		part: Part,
		variants: readonly PlanVariant[],
		count: number
	): Promise<number[][]> {
		return this.#deltas(part, variants, this.#order[part].slice(0, count));
	}

	async #deltas(
		part: Part,
		variants: readonly PlanVariant[],
		only?: readonly number[]
	): Promise<number[][]> {
		if (variants.length === 0) return [];
		const [baseline, ...losses] = await this.#runner.losses(
			part,
			[this.#baseline, ...variants],
			only
		);
		return losses.map((ofPlan) => ofPlan.map((loss, at) => loss - baseline[at]));
	}

	/** The mean of what is said of each window of `part`, with its interval. */
	interval(part: Part, deltas: readonly number[]): PartLoss {
		const { value, low, high } = meanInterval(deltas, this.draws[part]);
		return { loss: value, low, high };
	}
}
