import { mean, meanInterval } from '../statistics/figures.ts';
import { drawWindows, type Draws } from '../statistics/resample.ts';
import { lengthNotes, RECALL_OFF } from './recallSetting.ts';
import { cutProbes, PROBE_TOKENS, type Probe, type Probes } from '../model/tokens/probes.ts';
import type { Document, Tokenizer } from '../model/tokens/types.ts';

/** Documents and settings from which probes of recall are cut. */
export interface RecallAsked {
	documents: readonly Document[];
	/** True if in-context recall is measured too; undefined: true. */
	recall?: boolean | undefined;
	/** Tokens of a probe, BOS left out; undefined: as many as usual. */
	recallTokens?: number | undefined;
}

/** A mean with its 95% interval over probes; null bounds: a single probe. */
export interface RecallLoss {
	loss: number;
	low: number | null;
	high: number | null;
}

/** Recall of a model without and with a plan: loss on the second copy of a repeated passage, nats/token. */
export interface RecallReport {
	baseline: number;
	planned: number;
	/** planned − baseline, paired by probe. */
	delta: RecallLoss;
	/** Probes. */
	windows: number;
}

/**
 * Cuts the probes of a measurement, or says why it has none: recall is turned off, the texts are too short, or the model
 * takes windows of `fixedContext` tokens only and no probe is as long.
 */
export async function probesFor(
	{ documents, recall, recallTokens = PROBE_TOKENS }: RecallAsked,
	tokenizer: Tokenizer,
	{ maxPositions, fixedContext = null }: { maxPositions: number; fixedContext?: number | null }
): Promise<{ probes: Probes | null; notes: string[] }> {
	if (recall === false) return { probes: null, notes: [RECALL_OFF] };
	const cut = await cutProbes(documents, tokenizer, {
		tokens: fixedContext ?? recallTokens,
		maxPositions: fixedContext ?? maxPositions
	});
	if (fixedContext !== null && cut.context !== fixedContext) {
		const note = `recall was not measured: the model takes exactly ${fixedContext} tokens, and a probe has ${cut.context}`;
		return { probes: null, notes: [note] };
	}
	if (cut.probes.length === 0)
		return {
			probes: null,
			notes: ['recall was not measured: no text is long enough', ...cut.notes]
		};
	return { probes: cut, notes: [...lengthNotes(recallTokens, cut.passage), ...cut.notes] };
}

/** Recall of one probe from the losses of its tokens after the first: the mean of the last `scored`. */
export function recallOf(losses: ArrayLike<number>, scored: number): number {
	return mean(Array.from(losses).slice(-scored));
}

/** Draws of probes, for intervals over their documents. */
export function drawProbes(probes: readonly Pick<Probe, 'document'>[]): Draws | null {
	return drawWindows(probes.map(({ document }) => document));
}

/** Recall without and with a plan, from that of each probe. */
export function recallReport(
	baseline: readonly number[],
	planned: readonly number[],
	draws: Draws | null
): RecallReport {
	return {
		baseline: mean(baseline),
		planned: mean(planned),
		delta: recallAdded(baseline, planned, draws),
		windows: baseline.length
	};
}

/** The recall that a plan adds (its increase is a loss of recall), paired by probe. */
function recallAdded(
	baseline: readonly number[],
	planned: readonly number[],
	draws: Draws | null
): RecallLoss {
	const { value, low, high } = meanInterval(
		planned.map((loss, probe) => loss - baseline[probe]),
		draws
	);
	return { loss: value, low, high };
}
