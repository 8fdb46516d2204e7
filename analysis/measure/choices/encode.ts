import { quoted } from '../../edge/quote.ts';
import { InputError } from '../../errors.ts';
import type { Tokenizer } from '../../model/tokens/types.ts';
import type { Question } from './types.ts';

/** One choice of one question as tokens. */
export interface ChoiceTokens {
	question: number;
	choice: number;
	/** BOS first where the tokenizer adds one, then the prompt, then the choice. */
	ids: number[];
	/** Index in `ids` of the first token that is the choice's. */
	choiceStart: number;
}

/** Sequences are filled up to a multiple of this many tokens, so that few lengths need graphs of their own. */
const LENGTH_STEP = 32;

/** Tokens that a sequence is filled up to; never more than the model has positions. */
export function filledLength(tokens: number, maxPositions: number): number {
	return Math.min(maxPositions, Math.ceil(tokens / LENGTH_STEP) * LENGTH_STEP);
}

/**
 * Returns what stands between a prompt and a choice: a space where neither has white space there, as the
 * `target_delimiter` of lm-evaluation-harness has it by default, else nothing.
 */
export function delimiterOf(prompt: string, choice: string): '' | ' ' {
	return /\s$/.test(prompt) || /^\s/.test(choice) ? '' : ' ';
}

/**
 * Every choice of every question after its prompt. As in lm-evaluation-harness, prompt and choice are tokenized as one
 * text, white space at the prompt's end counting as the choice's, and the choice's tokens are those after as many as the
 * prompt has by itself; where the two merge into no more tokens than that, those that differ from the prompt's. Throws
 * InputError naming the question (counted from 1) that has more tokens than the model has positions.
 */
export async function encodeChoices(
	questions: readonly Question[],
	tokenizer: Tokenizer,
	maxPositions: number
): Promise<ChoiceTokens[]> {
	const encode = async (text: string) => (await tokenizer.encode(text)).ids;
	const bos = tokenizer.bosId === null ? [] : [tokenizer.bosId];
	const encoded: ChoiceTokens[] = [];
	for (const [question, { prompt, choices }] of questions.entries()) {
		const own = [...bos, ...(await encode(prompt.trimEnd()))];
		for (const [choice, text] of choices.entries()) {
			const ids = [...bos, ...(await encode(prompt + delimiterOf(prompt, text) + text))];
			if (ids.length > maxPositions) {
				throw new InputError(
					`question ${question + 1}: ${ids.length} tokens with choice ${choice}; the model has positions for at most ${maxPositions}`
				);
			}
			const after = ids.length > own.length ? own.length : sharedStart(own, ids);
			// A first token is predicted from nothing: without BOS it cannot be the choice's.
			const choiceStart = Math.max(1, after);
			if (ids.length <= choiceStart) {
				throw new InputError(
					`question ${question + 1}: prompt and choice ${choice} are the same tokens as the prompt alone; this tokenizer drops ${quoted(JSON.stringify(text))}, so leave the question out`
				);
			}
			encoded.push({ question, choice, ids, choiceStart });
		}
	}
	return encoded;
}

/** Counts the tokens that two sequences have in common at their start. */
function sharedStart(a: readonly number[], b: readonly number[]): number {
	const at = a.findIndex((id, index) => id !== b[index]);
	return at === -1 ? a.length : at;
}
