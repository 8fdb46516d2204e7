import { describe, expect, it } from 'vitest';
import { casesOfSource, costsOfCases, evaluationsOfWindow, sharingName } from './cases.ts';

const FOUR = [null, null, null, null];

function namesOf(slidingWindows: (number | null)[], source: number, maxSpan: number): string[] {
	const { spans, pairs } = casesOfSource(slidingWindows, source, maxSpan);
	return [...spans, ...pairs].map(sharingName);
}

describe('cases of a source', () => {
	it('are the spans that begin there and the pairs that are none, a span of two layers being the pair', () => {
		expect(namesOf(FOUR, 0, 2)).toEqual(['share 0 with 1', 'share 0 with 2', 'share 0 with 3']);
		expect(namesOf(FOUR, 0, 3)).toEqual([
			'share 0 with 1',
			'share 0 with 1-2',
			'share 0 with 2',
			'share 0 with 3'
		]);
		expect(namesOf(FOUR, 2, 9)).toEqual(['share 2 with 3']);
		expect(namesOf(FOUR, 3, 9)).toEqual([]);
	});

	it('join only layers with the same sliding window: pairs across others, spans up to the first other', () => {
		const slidingWindows = [8, null, 8, 8];
		expect(namesOf(slidingWindows, 0, 4)).toEqual(['share 0 with 2', 'share 0 with 3']);
		expect(namesOf(slidingWindows, 1, 4)).toEqual([]);
		expect(namesOf(slidingWindows, 2, 4)).toEqual(['share 2 with 3']);
	});
});

describe('evaluations', () => {
	it('of a case are the layers from its last shared one on, the drop’s from the dropped one on', () => {
		expect(Object.fromEntries(costsOfCases([null, null, null], 3))).toEqual({
			'drop 0': 3,
			'drop 1': 2,
			'drop 2': 1,
			'share 0 with 1': 2,
			'share 0 with 1-2': 1,
			'share 0 with 2': 1,
			'share 1 with 2': 1
		});
	});

	it('of a window add to those the baseline and each source; naive: every case through every layer', () => {
		// 3 + 2, dropped 6, shared 5, and 3 more for output errors; 8 cases with the baseline.
		expect(evaluationsOfWindow([null, null, null], 3)).toEqual({ text: 19, probe: 16, naive: 24 });
		// Nothing can be shared.
		expect(evaluationsOfWindow([null, 8], 2)).toEqual({ text: 5, probe: 5, naive: 6 });
	});

	it('of 16 layers and spans of six are two fifths of the naive count', () => {
		const { text, probe, naive } = evaluationsOfWindow(Array<null>(16).fill(null), 6);
		// 16 + 15, dropped 136, pairs 680, spans of three to six 105 + 91 + 78 + 66; outputs 16; 187 cases of 16.
		expect([text, probe, naive]).toEqual([1203, 1187, 2992]);
	});
});
