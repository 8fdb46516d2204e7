import { InputError } from '../../errors.ts';
import { seeded } from '../../statistics/resample.ts';
import type { Question } from './types.ts';

const PROMPT_WORDS = 48;
const CHOICE_WORDS = 24;
const CHOICES = 4;
/** Words between a prompt and a passage that is offered in place of its continuation, at least. */
const ELSEWHERE_WORDS = 500;
const SEED = 0xb00c;

/**
 * Questions "which passage continues this one" made from a book: a prompt of 48 words that ends with a
 * sentence, the 24 words that follow, and three passages of 24 words from elsewhere in the book, each from
 * the start of a sentence. Prompts are spread evenly over the book. The same book always gives the same
 * questions. Throws InputError where the book is too short for so many.
 */
export function continuationQuestions(book: string, text: string, count: number): Question[] {
	const words = text.split(/\s+/).filter((word) => word !== '');
	const starts = sentenceStarts(words).filter(
		(at) => at >= PROMPT_WORDS && at + CHOICE_WORDS <= words.length
	);
	const span = PROMPT_WORDS + CHOICE_WORDS;
	const evenly = new Set(
		Array.from({ length: count }, (_, k) => starts[Math.floor((k * starts.length) / count)])
	);
	if (evenly.size < count || words.length < 2 * (ELSEWHERE_WORDS + span) + CHOICES * span) {
		throw new InputError(`${book}: too short for ${count} questions`);
	}
	const random = seeded(SEED);
	const passage = (at: number): string => ` ${words.slice(at, at + CHOICE_WORDS).join(' ')}`;
	return [...evenly].map((start) => {
		const elsewhere = new Set<number>();
		while (elsewhere.size < CHOICES - 1) {
			const at = starts[Math.floor(random() * starts.length)];
			if (Math.abs(at - start) >= ELSEWHERE_WORDS + span) elsewhere.add(at);
		}
		const answer = Math.floor(random() * CHOICES);
		const choices = [...elsewhere].map(passage).toSpliced(answer, 0, passage(start));
		return {
			prompt: words.slice(start - PROMPT_WORDS, start).join(' '),
			choices,
			answer,
			group: book
		};
	});
}

/** Words that begin a sentence: capitals or a quotation after a full stop that is no title's. */
function sentenceStarts(words: readonly string[]): number[] {
	return words.flatMap((word, at) => {
		const before = words[at - 1] ?? '';
		const ended = /[.!?]["'”’)]*$/.test(before) && !/^(Mr|Mrs|Dr|St|No)\.$/.test(before);
		return ended && /^["'“‘(]*\p{Lu}\p{Ll}/u.test(word) ? [at] : [];
	});
}

/** Questions as JSONL, as `parseQuestions` reads them. */
export function questionsText(questions: readonly Question[]): string {
	return questions.map((question) => `${JSON.stringify(question)}\n`).join('');
}
