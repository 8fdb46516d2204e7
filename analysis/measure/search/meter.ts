import { meanInterval } from '../../statistics/figures.ts';
import { drawWindows, type Draws } from '../../statistics/resample.ts';
import type { PlanRunner } from './planRunner.ts';
import { PARTS, type Part, type PartLoss } from './types.ts';
import { identity, type PlanVariant } from './variant.ts';

/** What plans add to the loss of the model as it is, part by part. */
export class Meter {
	readonly #runner: Pick<PlanRunner, 'losses'>;
	readonly #asItIs: PlanVariant;
	readonly draws: Record<Part, Draws | null>;
	readonly #baselines = new Map<Part, number[]>();

	constructor(
		runner: Pick<PlanRunner, 'losses'>,
		parts: Record<Part, readonly { document: number }[]>,
		layers: number
	) {
		this.#runner = runner;
		this.#asItIs = identity(layers);
		const [search, choose, report] = PARTS.map((part) =>
			drawWindows(parts[part].map(({ document }) => document))
		);
		this.draws = { search, choose, report };
	}

	/** Mean loss of each window of the model as it is. */
	async baseline(part: Part): Promise<number[]> {
		const known = this.#baselines.get(part);
		if (known !== undefined) return known;
		const [losses] = await this.#runner.losses(part, [this.#asItIs]);
		return losses;
	}

	/** Nats/token that each plan adds, paired by window; most of the plans begin like `base`. */
	async added(
		part: Part,
		variants: readonly PlanVariant[],
		base?: PlanVariant
	): Promise<PartLoss[]> {
		if (variants.length === 0) return [];
		const [baseline, ...losses] = await this.#runner.losses(
			part,
			[this.#asItIs, ...variants],
			base ?? this.#asItIs
		);
		this.#baselines.set(part, baseline);
		return losses.map((ofPlan) =>
			this.interval(
				part,
				ofPlan.map((loss, window) => loss - baseline[window])
			)
		);
	}

	/** What each plan adds on each window of `part`, [plans][windows]. */
	async addedByWindow(part: Part, variants: readonly PlanVariant[]): Promise<number[][]> {
		if (variants.length === 0) return [];
		const [baseline, ...losses] = await this.#runner.losses(part, [this.#asItIs, ...variants]);
		this.#baselines.set(part, baseline);
		return losses.map((ofPlan) => ofPlan.map((loss, window) => loss - baseline[window]));
	}

	/** The mean of what is said of each window of `part`, with its interval. */
	interval(part: Part, deltas: readonly number[]): PartLoss {
		const { value, low, high } = meanInterval(deltas, this.draws[part]);
		return { loss: value, low, high };
	}
}
