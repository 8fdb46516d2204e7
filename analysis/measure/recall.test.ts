import { describe, expect, it } from 'vitest';
import { wordTokenizer } from '../../tests/builders/wordTokenizer.ts';
import { drawProbes, probesFor, recallOf, recallReport } from './recall.ts';
import { RECALL_OFF } from './recallSetting.ts';

const text = Array.from({ length: 300 }, (_, n) => 1000 + n).join(' ');
const documents = [{ name: 'a.txt', text }];

describe('recall', () => {
	it('of a probe is the mean loss of its last tokens', () => {
		expect(recallOf([9, 9, 1, 2, 3], 3)).toBe(2);
	});

	it('with a plan is paired by probe, with an interval that every equal difference has no width in', () => {
		const draws = drawProbes([{ document: 0 }, { document: 1 }]);
		expect(recallReport([1, 3], [1.5, 3.5], draws)).toEqual({
			baseline: 2,
			planned: 2.5,
			delta: { loss: 0.5, low: 0.5, high: 0.5 },
			windows: 2
		});
	});

	it('of a single probe has no interval', () => {
		expect(recallReport([1], [2], drawProbes([{ document: 0 }])).delta).toEqual({
			loss: 1,
			low: null,
			high: null
		});
	});
});

describe('probesFor', () => {
	const model = { maxPositions: 64 };
	it('measures recall unless it is turned off, which a note says', async () => {
		const { probes } = await probesFor({ documents }, wordTokenizer(7), model);
		expect(probes).toMatchObject({ context: 61, passage: 15 });
		expect(await probesFor({ documents, recall: false }, wordTokenizer(7), model)).toEqual({
			probes: null,
			notes: [RECALL_OFF]
		});
	});

	it('has probes as long as is asked, which a note says', async () => {
		const long = { maxPositions: 128 };
		const asked = { documents, recallTokens: 64 };
		const { probes, notes } = await probesFor(asked, wordTokenizer(7), long);
		expect(probes).toMatchObject({ context: 65, passage: 16, scored: 10 });
		expect(notes).toEqual([
			'recall was measured on probes of 64 tokens: 16 that come again after 32 others'
		]);
	});

	it('says that texts are too short', async () => {
		const short = [{ name: 'a.txt', text: '1000 1001' }];
		const { probes, notes } = await probesFor({ documents: short }, wordTokenizer(7), model);
		expect(probes).toBeNull();
		expect(notes[0]).toBe('recall was not measured: no text is long enough');
	});

	it('of a model that takes one length of windows has probes of that length, or none', async () => {
		const fixed = { maxPositions: 64, fixedContext: 61 };
		expect((await probesFor({ documents }, wordTokenizer(7), fixed)).probes?.context).toBe(61);
		const odd = { maxPositions: 64, fixedContext: 62 };
		expect((await probesFor({ documents }, wordTokenizer(7), odd)).notes).toEqual([
			'recall was not measured: the model takes exactly 62 tokens, and a probe has 61'
		]);
	});
});
