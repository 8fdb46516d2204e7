import type { OutputError, Plans } from '../../engine/plans.ts';
import { mean } from '../../statistics/figures.ts';
import type { Reporter } from '../../telemetry/reporter.ts';
import type { CaseResult, ProgressFile } from '../lossFile.ts';
import { casesOf, costsOfCases, BASELINE, type Case } from './cases.ts';
import type { PreparedDamage } from './prepare.ts';
import { resultName, windowsToMeasure, type Sample } from './sample.ts';

/** Called after each layer of each window. */
type OnLayer = () => void;

/**
 * Runs every case on every window of text, and on every probe of recall, of which the progress file has no result yet, and
 * adds its result there.
 */
export async function measureCases(
	prepared: PreparedDamage,
	progress: ProgressFile,
	reporter: Reporter,
	onLayer: OnLayer = () => undefined
): Promise<void> {
	const pending = prepared.samples.filter((sample) =>
		windowsToMeasure(prepared, sample).some(
			(window) => missingCases(prepared, sample, progress, window).length > 0
		)
	);
	if (pending.length === 0) return;
	const plans = await prepared.plans.open();
	try {
		for (const sample of pending)
			await new SampleCases(prepared, sample, progress, { plans, reporter, onLayer }).run(
				windowsToMeasure(prepared, sample),
				prepared.memory.windowsPerGroup
			);
	} finally {
		await plans.close();
	}
}

/** Cases of a sample's window, the baseline included, that the progress file does not have. */
export function missingCases(
	{ checkpoint, maxSpan }: Pick<PreparedDamage, 'checkpoint' | 'maxSpan'>,
	sample: Sample,
	progress: ProgressFile,
	window: number
): string[] {
	const cases = [BASELINE, ...costsOfCases(checkpoint.config.slidingWindows, maxSpan).keys()];
	return cases.filter((name) => progress.get(window, resultName(sample, name)) === undefined);
}

/** All cases on a sample's windows. */
class SampleCases {
	readonly #sample: Sample;
	readonly #progress: ProgressFile;
	readonly #deps: { plans: Plans; reporter: Reporter; onLayer: OnLayer };
	readonly #cases: readonly Case[];

	constructor(
		{ checkpoint, maxSpan }: PreparedDamage,
		sample: Sample,
		progress: ProgressFile,
		deps: { plans: Plans; reporter: Reporter; onLayer: OnLayer }
	) {
		this.#sample = sample;
		this.#progress = progress;
		this.#deps = deps;
		this.#cases = casesOf(checkpoint.config.slidingWindows, maxSpan);
	}

	/** Runs some windows, `size` at a time. */
	async run(windows: readonly number[], size: number): Promise<void> {
		for (let first = 0; first < windows.length; first += size)
			await this.#group(windows.slice(first, first + size));
	}

	async #group(windows: readonly number[]): Promise<void> {
		const sequences = windows.map((window) => this.#sample.windows[window]);
		const errors = await this.#outputErrors(windows);
		await this.#deps.plans.losses(this.#cases, sequences, this.#sample.scored, {
			isMissing: (at, place) => this.#isMissing(this.#cases[at], windows[place]),
			onLosses: async (at, place, losses) => {
				const { name } = this.#cases[at];
				const window = windows[place];
				const result: CaseResult = {
					window,
					case: resultName(this.#sample, name),
					loss: mean(losses)
				};
				const error = errors.get(name)?.get(window);
				if (error !== undefined) result.squares = [error.missing, error.own];
				await this.#progress.add(result);
			},
			onWork: (at, work, place, layer) =>
				this.#report(this.#cases[at].stage, work, windows[place], layer)
		});
	}

	/** Output errors of pairs, by the case's name and window, where a pair's result is missing: of text alone. */
	async #outputErrors(group: readonly number[]): Promise<Map<string, Map<number, OutputError>>> {
		if (this.#sample.of === 'recall') return new Map();
		const shared = this.#cases.flatMap(({ name, pair }) => (pair === null ? [] : [{ name, pair }]));
		const pairCases = this.#cases.filter(({ pair }) => pair !== null);
		const windows = group.filter((window) =>
			pairCases.some((each) => this.#isMissing(each, window))
		);
		const found = await this.#deps.plans.outputErrors(
			shared.map(({ pair }) => pair),
			windows.map((window) => this.#sample.windows[window]),
			(work, at, layer) => this.#report('outputs', work, windows[at], layer)
		);
		return new Map(
			shared.map(({ name }, pair) => [
				name,
				new Map(windows.map((window, at) => [window, found[pair][at]]))
			])
		);
	}

	#isMissing({ name }: Case, window: number): boolean {
		return this.#progress.get(window, resultName(this.#sample, name)) === undefined;
	}

	#report(stage: string, work: number, window: number, layer: number | null): void {
		const { reporter, onLayer } = this.#deps;
		const named = this.#sample.of === 'recall' ? `recall, ${stage}` : stage;
		if (layer === null) {
			reporter.add(work, named, window);
			return;
		}
		onLayer();
		reporter.addLayer(work, named, window, layer);
	}
}
