import { availableParallelism, cpus } from 'node:os';
import type { ModelFacts } from '../../model/checkpoint/types.ts';
import { InputError } from '../../errors.ts';
import { spreadOf } from '../../statistics/figures.ts';
import { medianInterval } from '../../statistics/medianInterval.ts';
import { DTYPE_BYTES, savings } from '../../plan/savings.ts';
import type { Sources } from '../../plan/types.ts';
import type {
	BenchPrediction,
	BenchReport,
	BenchRound,
	RatioSpread,
	BenchSetting,
	BenchSide,
	SideReport
} from './benchTypes.ts';

export type BenchSideName = 'baseline' | 'planned';

/** Model that both sides of a bench run, and the sources of the plan. */
export interface BenchSubject {
	name: string;
	/** Of its weights. */
	hash: string;
	facts: ModelFacts;
	sources: Sources;
	/** Type that both run in. */
	dtype: string;
}

/** Throws InputError where a model has no positions for so many tokens, or a count is none. */
export function checkBenchSetting(
	setting: BenchSetting,
	{ maxPositions }: Pick<ModelFacts, 'maxPositions'>
): void {
	for (const [name, value] of Object.entries(setting) as [string, number][]) {
		if (!Number.isInteger(value) || value < 1) {
			throw new InputError(`${name}: ${value}; allowed: a whole number, 1 or more`);
		}
	}
	const { prompt, generate } = setting;
	if (prompt + generate > maxPositions) {
		throw new InputError(
			`prompt and generate: ${prompt} + ${generate} tokens; the model has positions for at most ${maxPositions}`
		);
	}
}

/**
 * Runs both sides in alternation, the sides taking turns at going first, after a round of each that is not
 * counted. `onRound` is called with each round and how many are done.
 */
export async function bench(
	subject: BenchSubject,
	sides: { baseline: BenchSide; planned: BenchSide },
	setting: BenchSetting,
	onRound: (done: number, side: BenchSideName, round: BenchRound) => void
): Promise<BenchReport> {
	const rounds: Record<BenchSideName, BenchRound[]> = { baseline: [], planned: [] };
	let done = 0;
	for (let repeat = 0; repeat <= setting.repeats; repeat++) {
		const order = ['baseline', 'planned'] as const;
		for (const side of repeat % 2 === 0 ? order : order.toReversed()) {
			const round = await sides[side].round();
			if (repeat > 0) rounds[side].push(round);
			onRound(++done, side, round);
		}
	}
	const baseline = sideReport(sides.baseline, rounds.baseline, setting);
	const planned = sideReport(sides.planned, rounds.planned, setting);
	const ratios = (of: (round: BenchRound) => number): RatioSpread => {
		const each = rounds.planned.map((round, at) => of(round) / of(rounds.baseline[at]));
		const { low, high } = medianInterval(each) ?? { low: null, high: null };
		return { ...spreadOf(each), low, high };
	};
	const { sources, facts } = subject;
	return {
		model: subject.name,
		modelHash: subject.hash,
		dtype: subject.dtype,
		followers: sources.filter((source, layer) => source !== null && source !== layer).length,
		leftOut: sources.filter((source) => source === null).length,
		setting,
		baseline,
		planned,
		ratio: {
			firstTokenSeconds: ratios(({ firstTokenSeconds }) => firstTokenSeconds),
			tokensPerSecond: ratios(({ decodeSeconds }) => 1 / decodeSeconds),
			peakRss: planned.peakRssBytes / baseline.peakRssBytes,
			cacheBytesPerToken: planned.cacheBytesPerToken / baseline.cacheBytesPerToken
		},
		predicted: predict(facts, sources, setting),
		machine: { processor: cpus()[0]?.model ?? 'unknown', threads: availableParallelism() }
	};
}

function sideReport(
	{ model }: BenchSide,
	rounds: readonly BenchRound[],
	{ generate, batch }: BenchSetting
): SideReport {
	const tokens = generate * batch;
	return {
		...model,
		firstTokenSeconds: spreadOf(rounds.map(({ firstTokenSeconds }) => firstTokenSeconds)),
		tokensPerSecond: spreadOf(rounds.map(({ decodeSeconds }) => tokens / decodeSeconds)),
		peakRssBytes: Math.max(...rounds.map(({ peakRssBytes }) => peakRssBytes))
	};
}

/**
 * Prefill for the prompt alone; decode for the last step, when the cache is at its longest. Fractions are the same
 * whatever an element takes, if weights and cache are of one type.
 */
function predict(
	facts: ModelFacts,
	sources: Sources,
	{ prompt, generate, batch }: BenchSetting
): BenchPrediction {
	const elementBytes = DTYPE_BYTES.f32;
	const first = savings(facts, sources, { context: prompt, batch, elementBytes });
	const last = savings(facts, sources, { context: prompt + generate, batch, elementBytes });
	return {
		prefillFlops: first.prefill.share,
		decodeBytes: last.decode.share,
		kvCache: last.kCache.shareOfKv,
		parameters: last.parameters.share
	};
}
