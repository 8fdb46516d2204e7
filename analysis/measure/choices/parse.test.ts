import { describe, expect, it } from 'vitest';
import { wordTokenizer } from '../../../tests/builders/wordTokenizer.ts';
import { encodeChoices, filledLength } from './encode.ts';
import { parseQuestions } from './parse.ts';

const line = (changes: Record<string, unknown>) =>
	JSON.stringify({ prompt: 'One and', choices: [' two', ' ten'], answer: 0, ...changes });

describe('a file of questions', () => {
	it('has one per line, blank lines passed over, the group optional', () => {
		const text = `${line({})}\n\n${line({ answer: 1, group: 'book' })}\n`;
		expect(parseQuestions(text, 'q.jsonl')).toEqual([
			{ prompt: 'One and', choices: [' two', ' ten'], answer: 0, group: null },
			{ prompt: 'One and', choices: [' two', ' ten'], answer: 1, group: 'book' }
		]);
	});
	it.each([
		['', 'q.jsonl: no questions; expected one per line'],
		['{', 'q.jsonl: line 1: not JSON: '],
		['[]', 'q.jsonl: line 1: '],
		[line({ prompt: ' ' }), 'q.jsonl: line 1: prompt: found " "; expected '],
		[line({ choices: [' two'] }), 'q.jsonl: line 1: choices: found 1; expected >=2'],
		[line({ answer: 2 }), 'q.jsonl: line 1: expected answer: the index of a choice'],
		[line({ answer: '0' }), 'q.jsonl: line 1: answer: found "0"; expected number'],
		[`${line({})}\n${line({ answer: -1 })}`, 'q.jsonl: line 2: answer: found -1; expected >=0'],
		[line({ choices: Array(200).fill(' a') }), 'q.jsonl: line 1: choices: more than 100 entries']
	])('%j is refused', (text, message) => {
		expect(() => parseQuestions(text, 'q.jsonl')).toThrow(message);
	});
});

/** A token a word, with the space before it; ids are lengths. */
const tokenizer = (bosId: number | null) => wordTokenizer(bosId, / ?[^ ]+/g, (word) => word.length);

describe('choices as tokens', () => {
	const ask = (prompt: string, choices: string[]) => [{ prompt, choices, answer: 0, group: null }];

	it('come after the prompt; their own tokens are those the prompt has not', async () => {
		expect(await encodeChoices(ask('One and', [' two', ' ten more']), tokenizer(0), 64)).toEqual([
			{ question: 0, choice: 0, ids: [0, 3, 4, 4], choiceStart: 3 },
			{ question: 0, choice: 1, ids: [0, 3, 4, 4, 5], choiceStart: 3 }
		]);
	});
	it('take the space at the end of the prompt as theirs', async () => {
		expect(await encodeChoices(ask('One and ', ['two']), tokenizer(0), 64)).toEqual([
			{ question: 0, choice: 0, ids: [0, 3, 4, 4], choiceStart: 3 }
		]);
	});
	it('are refused where the model has too few positions, or where they add nothing', async () => {
		await expect(encodeChoices(ask('One and', [' two']), tokenizer(0), 3)).rejects.toThrow(
			'question 1: 4 tokens with choice 0; the model has positions for at most 3'
		);
		// A tokenizer that drops what it does not know.
		const encode = () => Promise.resolve({ ids: [3, 4], settled: 2, starts: () => [0, 3] });
		const dropping = { ...tokenizer(0), encode };
		await expect(encodeChoices(ask('One and', ['☃']), dropping, 64)).rejects.toThrow(
			'question 1: prompt and choice 0 are the same tokens as the prompt alone'
		);
	});
	it('come after a space where neither they nor the prompt have one there', async () => {
		expect(await encodeChoices(ask('One and', ['two', '\ttwo']), tokenizer(0), 64)).toEqual([
			{ question: 0, choice: 0, ids: [0, 3, 4, 4], choiceStart: 3 },
			{ question: 0, choice: 1, ids: [0, 3, 8], choiceStart: 2 }
		]);
	});
	it('are filled up to multiples of 32 tokens, as far as there are positions', () => {
		expect([filledLength(1, 256), filledLength(32, 256), filledLength(33, 40)]).toEqual([
			32, 32, 40
		]);
	});
});
