import { InputError } from '../errors.ts';
import { intervalOf, RESAMPLES, type Draws } from './resample.ts';
import type { Document, Tokenizer, Window } from '../model/tokens/types.ts';
import type { ModelFigures, Spread } from '../measure/evaluate/types.ts';

export function mean(values: ArrayLike<number>): number {
	return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

/** Quantile by linear interpolation between order statistics (type 7 of Hyndman & Fan 1996). */
export function quantile(values: readonly number[], share: number): number {
	const sorted = Float64Array.from(values).sort();
	const at = share * (sorted.length - 1);
	const below = Math.floor(at);
	const above = Math.ceil(at);
	return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

export function spreadOf(values: readonly number[]): Spread {
	const [q25, median, q75] = [0.25, 0.5, 0.75].map((share) => quantile(values, share));
	return { median, q25, q75 };
}

/**
 * The mean of `values`, one a window, with its 95 % bootstrap interval over `draws`; null bounds where there
 * are no draws. All windows are equally long, so that means over windows are means over tokens. Two models on
 * the same windows are compared by their differences a window: the windows' own difficulty then cancels out.
 */
export function meanInterval(
	values: readonly number[],
	draws: Draws | null
): { value: number; low: number | null; high: number | null } {
	const value = mean(values);
	if (draws === null) return { value, low: null, high: null };
	const sums = new Float64Array(RESAMPLES);
	const drawn = new Float64Array(RESAMPLES);
	for (const [window, each] of values.entries()) {
		for (let r = 0; r < RESAMPLES; r++) {
			const count = draws.counts[window * RESAMPLES + r];
			sums[r] += count * each;
			drawn[r] += count;
		}
	}
	return intervalOf(
		value,
		sums.map((sum, r) => sum / drawn[r])
	);
}

/**
 * How a model does on `tokens` predicted tokens that stand for `bytes` of text and lose `nats` in all. A perplexity
 * beyond every float64 is given as the largest. Throws InputError where the tokens stand for no text.
 */
export function modelFigures(nats: number, tokens: number, bytes: number): ModelFigures {
	if (!(bytes > 0)) {
		throw new InputError(
			`text: the ${tokens} predicted tokens stand for ${bytes} bytes of it; expected some: give another text`
		);
	}
	const loss = nats / tokens;
	const perplexity = Math.min(Number.MAX_VALUE, Math.exp(loss));
	return { loss, perplexity, bitsPerByte: nats / Math.LN2 / bytes, tokens };
}

/**
 * UTF-8 bytes of the text that a window's predicted tokens (all but its first) stand for, each token counted by
 * itself: the bytes of the text they cover. A space that the tokenizer puts before the first word of what it
 * reads, as SentencePiece does, is not text and not counted.
 */
export function predictedBytes(
	window: Window,
	documents: readonly Document[],
	tokenizer: Tokenizer
): number {
	const predicted = window.ids.slice(1);
	const bytes = tokenizer.byteLengths(predicted).reduce((sum, length) => sum + length, 0);
	if (tokenizer.bosId === null) return bytes;
	const put = tokenizer.pieces(predicted.slice(0, 1))[0].startsWith(' ');
	const inText = documents[window.document].text[window.start] === ' ';
	return put && !inText ? bytes - 1 : bytes;
}
