import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../../../model/tokens/tokenizer.ts';
import { CANDIDATES, makeProbes, PROBE_QUESTIONS, PROBE_SEQUENCES } from './make.ts';
import type { ProbeSequence } from './types.ts';
import { probeWords, type ProbeWords } from './words.ts';

const COLON = 1;
const NEWLINE = 2;
/** Words are the ids from 10 on. */
const WORDS: ProbeWords = {
	words: Array.from({ length: 300 }, (_, index) => 10 + index),
	colon: [COLON],
	newline: [NEWLINE],
	bosId: 0
};
const LIMITS = { maxPositions: 4096, fixedContext: null };

/** Lines of a sequence, without BOS and without the line breaks in front. */
function linesOf({ ids }: ProbeSequence): { words: number[]; answer: number }[] {
	const body = ids.slice(ids.findIndex((id) => id >= 10));
	const lines: number[][] = [[]];
	for (const id of body) {
		if (id === NEWLINE) lines.push([]);
		else lines[lines.length - 1].push(id);
	}
	return lines.slice(0, -1).map((line) => {
		expect(line.at(-2)).toBe(COLON);
		return { words: line.slice(0, -2), answer: line[line.length - 1] };
	});
}

describe('long in-context probes', () => {
	it('come in eight sequences of exactly the tokens asked for, for each task and length', () => {
		const { sets, notes } = makeProbes([512, 64], WORDS, LIMITS);
		expect(notes).toEqual([]);
		expect(sets.map(({ task, tokens }) => [task, tokens])).toEqual([
			['key-value', 64],
			['labels', 64],
			['key-value', 512],
			['labels', 512]
		]);
		for (const { tokens, sequences } of sets) {
			expect(sequences).toHaveLength(PROBE_SEQUENCES);
			for (const { ids } of sequences) {
				expect(ids).toHaveLength(tokens);
				expect(ids[0]).toBe(0);
			}
		}
	});

	it('of keys: 64 tokens are 15 lines of 4, of which the last 3 ask for keys of lines 2, 6 and 10', () => {
		const [{ sequences }] = makeProbes([64], WORDS, LIMITS).sets;
		for (const sequence of sequences) {
			const lines = linesOf(sequence);
			const [list, again] = [lines.slice(0, 12), lines.slice(12)];
			expect(lines).toHaveLength(15);
			const used = list.flatMap(({ words, answer }) => [...words, answer]);
			expect(new Set(used).size).toBe(24);
			const asked = again.map(({ words }) => list.findIndex((pair) => pair.words[0] === words[0]));
			expect(asked.toSorted((a, b) => a - b)).toEqual([2, 6, 10]);
			expect(again.map(({ answer }) => answer)).toEqual(asked.map((pair) => list[pair].answer));
			// BOS, 3 line breaks, 12 lines of 4, and the colon is the second token of a line.
			expect(sequence.questions.map(({ place }) => place)).toEqual([53, 57, 61]);
			for (const [at, { candidates }] of sequence.questions.entries()) {
				expect(candidates[0]).toBe(again[at].answer);
				expect(new Set(candidates).size).toBe(CANDIDATES);
				const values = list.map(({ answer }) => answer);
				expect(candidates.every((candidate) => values.includes(candidate))).toBe(true);
			}
		}
	});

	it('of labels: 512 tokens are 102 lines of 5, twelve classes, the last 16 lines asked', () => {
		const { sequences } = makeProbes([512], WORDS, LIMITS).sets[1];
		for (const sequence of sequences) {
			const lines = linesOf(sequence);
			expect(lines).toHaveLength(102);
			const first = lines.slice(0, 12).map(({ answer }) => answer);
			expect(new Set(first).size).toBe(12);
			expect(sequence.questions).toHaveLength(PROBE_QUESTIONS);
			const cueOf = (label: number) => {
				const alike = lines.filter(({ answer }) => answer === label);
				return alike[0].words.filter((word) => alike.every(({ words }) => words.includes(word)));
			};
			for (const label of first) expect(cueOf(label).length).toBeGreaterThan(0);
			for (const [at, { place, candidates }] of sequence.questions.entries()) {
				expect(sequence.ids[place]).toBe(COLON);
				expect(sequence.ids[place + 1]).toBe(candidates[0]);
				expect(candidates[0]).toBe(lines[86 + at].answer);
				expect(new Set(candidates).size).toBe(CANDIDATES);
				expect(candidates.every((candidate) => first.includes(candidate))).toBe(true);
			}
		}
	});

	it('are the same every time, and differ between sequences', () => {
		const [a, b] = [makeProbes([128], WORDS, LIMITS), makeProbes([128], WORDS, LIMITS)];
		expect(a).toEqual(b);
		for (const { sequences } of a.sets)
			expect(new Set(sequences.map(({ ids }) => ids.join())).size).toBe(PROBE_SEQUENCES);
	});

	it('are no longer than the model has positions for, and it says so', () => {
		const { sets, notes } = makeProbes([512, 2048, 4096], WORDS, {
			maxPositions: 256,
			fixedContext: null
		});
		expect(sets.map(({ tokens }) => tokens)).toEqual([256, 256]);
		expect(notes).toEqual([
			'probes of 512, 2048, 4096 tokens were made with 256: the model has positions for 256 tokens'
		]);
		expect(makeProbes([512], WORDS, { maxPositions: 1024, fixedContext: 128 }).notes).toEqual([
			'probes of 512 tokens were made with 128: the model takes exactly 128 tokens'
		]);
	});

	it.each([
		[
			{ ...WORDS, words: WORDS.words.slice(0, 100) },
			LIMITS,
			'probes: 512 tokens take 222 different'
		],
		[WORDS, { maxPositions: 32, fixedContext: null }, 'probes: the model takes 32 tokens; probes'],
		[
			{ ...WORDS, colon: Array<number>(90).fill(COLON) },
			LIMITS,
			'probes: 512 tokens hold 5 lines of 93; expected at least 8; give longer --probes'
		]
	])('are refused where they cannot be made', (words, limits, message) => {
		expect(() => makeProbes([512], words, limits)).toThrow(message);
	});
});

it.each(['mini-llama2', 'mini-llama3'])('the words of %s read as text', async (model) => {
	const tokenizer = await loadTokenizer(`models/${model}`, { vocab: 8192 });
	const words = await probeWords(tokenizer, 8192);
	const pieces = tokenizer.pieces(words.words);
	expect(pieces.length).toBeGreaterThan(500);
	expect(pieces.every((piece) => /^ [a-z]{3,12}$/.test(piece))).toBe(true);
	expect(tokenizer.pieces(words.colon).join('')).toBe(':');
	expect(tokenizer.pieces(words.newline)).toHaveLength(1);
	const [{ sequences }] = makeProbes([128], words, LIMITS).sets;
	// What the tokenizer makes of the same text.
	const { ids, questions } = sequences[0];
	const start = ids.indexOf(words.colon[0]) - 1;
	const text = tokenizer.pieces(ids.slice(start)).join('').replaceAll('<0x0A>', '\n');
	expect((await tokenizer.encode(text)).ids).toEqual(ids.slice(start));
	expect(questions).toHaveLength(7);
});
