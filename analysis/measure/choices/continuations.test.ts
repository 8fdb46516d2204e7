import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { continuationQuestions, questionsText } from './continuations.ts';
import { parseQuestions } from './parse.ts';
import type { Question } from './types.ts';

const BOOKS = ['walden', 'through-the-looking-glass'];
const QUESTIONS_A_BOOK = 160;

async function bookText(book: string): Promise<string> {
	return readFile(`static/samples/${book}.txt`, 'utf8');
}

async function bundled(): Promise<Question[]> {
	const made = [];
	for (const book of BOOKS) {
		made.push(...continuationQuestions(book, await bookText(book), QUESTIONS_A_BOOK));
	}
	return made;
}

// `npm run choices` is this test with --update: it writes the file it compares with.
it('static/choices/continuations.jsonl is made from two of the sample texts', async () => {
	const text = questionsText(await bundled());
	await expect(text).toMatchFileSnapshot('../../../static/choices/continuations.jsonl');
	expect(parseQuestions(text, 'continuations')).toEqual(await bundled());
});

describe('questions made from a book', () => {
	it('are four-way, and the right choice is what follows the prompt in the book', async () => {
		const books = new Map<string | null, string>();
		for (const book of BOOKS) {
			books.set(book, (await bookText(book)).split(/\s+/).join(' '));
		}
		for (const { prompt, choices, answer, group } of await bundled()) {
			const book = books.get(group) ?? '';
			expect(choices).toHaveLength(4);
			expect(new Set(choices).size).toBe(4);
			expect(book).toContain(prompt + choices[answer]);
			for (const choice of choices) {
				expect(choice.split(' ')).toHaveLength(1 + 24);
				expect(book).toContain(choice);
			}
		}
	});

	it('have their right choices in every place about equally often', async () => {
		const questions = await bundled();
		for (const place of [0, 1, 2, 3]) {
			const fraction = questions.filter(({ answer }) => answer === place).length / questions.length;
			expect(fraction).toBeGreaterThan(0.18);
			expect(fraction).toBeLessThan(0.32);
		}
	});

	it('never offer a passage near the prompt', () => {
		// Sentences of ten words, each of which says where it stands.
		const words = Array.from({ length: 4000 }, (_, at) =>
			at % 10 === 0 ? `W${at}`.replace('W', 'Wa') : at % 10 === 9 ? `w${at}.` : `w${at}`
		);
		const place = (passage: string) => Number(/\d+/.exec(passage)?.[0]);
		for (const { prompt, choices, answer } of continuationQuestions('book', words.join(' '), 20)) {
			const start = place(choices[answer]);
			expect(place(prompt)).toBe(start - 48);
			for (const [at, choice] of choices.entries()) {
				if (at !== answer) expect(Math.abs(place(choice) - start)).toBeGreaterThanOrEqual(572);
			}
		}
	});

	it('are refused of a book that is too short', () => {
		expect(() => continuationQuestions('leaflet', 'One. Two. Three.', 5)).toThrow(
			'leaflet: too short for 5 questions'
		);
	});
});
