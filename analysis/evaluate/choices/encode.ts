import { InputError } from '../../errors.ts';
import type { Tokenizer } from '../../tokens/types.ts';
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
 * Every choice of every question after its prompt. As in lm-evaluation-harness, prompt and choice are tokenized
 * as one text, white space at the prompt's end counting as the choice's, and the choice's tokens are those
 * after as many as the prompt has by itself. A choice therefore begins with the space that parts it from the prompt, where one is to stand there. Throws InputError
 * naming the question (counted from 1) that has more tokens than the model has positions, or a choice without one.
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
		const bare = prompt.trimEnd();
		// A first token is predicted from nothing: without BOS it cannot be the choice's.
		const choiceStart = Math.max(1, bos.length + (await encode(bare)).length);
		for (const [choice, text] of choices.entries()) {
			const ids = [...bos, ...(await encode(prompt + text))];
			if (ids.length > maxPositions) {
				throw new InputError(
					`question ${question + 1}: ${ids.length} tokens with choice ${choice}; the model has positions for at most ${maxPositions}`
				);
			}
			if (ids.length <= choiceStart) {
				throw new InputError(`question ${question + 1}: choice ${choice} adds no token`);
			}
			encoded.push({ question, choice, ids, choiceStart });
		}
	}
	return encoded;
}
