import type { WindowPlan } from '../engine/windowPlan.ts';
import { InputError } from '../errors.ts';
import type { Document, Tokenizer, Window } from '../model/tokens/types.ts';
import { mean } from '../statistics/figures.ts';

/**
 * Computes the figures of a model on `tokens` predicted tokens that stand for `bytes` of text and lose `nats` in all. A
 * perplexity beyond every float64 is given as the largest. Throws InputError where the tokens stand for no text.
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

/** Figures of one model on the text. */
export interface ModelFigures {
	/** Mean natural-log loss a predicted token. */
	loss: number;
	/** e to the loss. */
	perplexity: number;
	/** Loss of all predicted tokens in bits, by the UTF-8 bytes of their text; see `predictedBytes`. */
	bitsPerByte: number;
	/** Predicted tokens: all but the first of each window. */
	tokens: number;
}

/** Figures of the baseline, from the mean loss of each window. */
export function baselineFigures(
	{ windows, context, tokenizer }: Pick<WindowPlan, 'windows' | 'context' | 'tokenizer'>,
	documents: readonly Document[],
	losses: readonly number[]
): ModelFigures {
	const tokens = windows.length * (context - 1);
	const bytes = windows.reduce(
		(sum, window) => sum + predictedBytes(window, documents, tokenizer),
		0
	);
	return modelFigures(mean(losses) * tokens, tokens, bytes);
}
