import { describe, expect, it } from 'vitest';
import { fuzzyScore } from './fuzzy.ts';

const titles = [
	'Metric: cosine',
	'Metric: cosine-matched',
	'Tab: Map',
	'Theme: dark',
	'Copy analyze'
];
const ranked = (words: string) =>
	titles
		.flatMap((title) => {
			const score = fuzzyScore(words, { title });
			return score === null ? [] : [{ title, score }];
		})
		.sort((a, b) => b.score - a.score)
		.map(({ title }) => title);

describe('what words find', () => {
	it.each([
		['cosine', ['Metric: cosine', 'Metric: cosine-matched']],
		['MATCHED', ['Metric: cosine-matched']],
		['metric mat', ['Metric: cosine-matched']],
		['mcm', ['Metric: cosine-matched']],
		['cma', ['Metric: cosine-matched']],
		['map', ['Tab: Map']],
		['the', ['Theme: dark']],
		['zzz', []]
	])('%s', (words, expected) => {
		expect(ranked(words)).toEqual(expected);
	});
	it('is everything for an empty line', () => {
		expect(ranked(' ')).toHaveLength(titles.length);
	});
	it('is the start of a title before the start of a word, a word before a part, the title before the rest', () => {
		const score = (title: string, rest = '') => fuzzyScore('map', { title, rest }) ?? 0;
		expect(score('Map tab')).toBeGreaterThan(score('Tab map'));
		expect(score('Tab map')).toBeGreaterThan(score('Roadmap'));
		expect(score('Roadmap')).toBeGreaterThan(score('Tab', 'roadmap'));
		expect(score('Tab', 'roadmap')).toBeGreaterThan(0);
	});
	it('takes no letters from the middle of other words', () => {
		expect(fuzzyScore('mp', { title: 'Tab: Map' })).toBeNull();
	});
});
