import { describe, expect, it } from 'vitest';
import { madeUpBench, sure } from '../../../tests/builders/benchReport.ts';
import { benchCsv, benchRows, endText, ratioRange } from './rows.ts';

describe('both models side by side', () => {
	it('are told in units that fit, medians with quartiles', () => {
		const shown = benchRows(madeUpBench()).map(
			({ figure, baseline, planned, ratio, predicted }) => [
				figure.name,
				baseline.main,
				baseline.below,
				planned.main,
				planned.below,
				ratio.main,
				ratio.below,
				`${predicted.main} ${predicted.below}`
			]
		);
		expect(shown).toEqual([
			[
				'time to first token',
				'80.4 ms',
				'74.6–84.5 ms',
				'68.0 ms',
				'67.4 ms–1.25 s',
				'×0.887',
				'0.866–0.918',
				'−5.2% FLOPs'
			],
			[
				'decode, tokens/s',
				'152',
				'144–163',
				'1520',
				'189–2080',
				'×1.287',
				'1.245–1.318',
				'−6.3% bytes read'
			],
			['peak memory', '276 MB', '', '283 MB', '', '×1.026', '', '−3.7% parameters'],
			['cache per token', '24.6 kB', '', '21.5 kB', '', '×0.875', '', '−12.5% bytes']
		]);
	});
	it('say which is better: less time, memory and cache, but more tokens/s', () => {
		expect(benchRows(madeUpBench()).map(({ verdict }) => verdict)).toEqual([
			'better',
			'better',
			'worse',
			'better'
		]);
		const slow = sure(0.8, 0.9, 0.95);
		const unsure = sure(0.8, 0.9, 1.1);
		const rows = benchRows(
			madeUpBench({ firstTokenSeconds: unsure, tokensPerSecond: slow, cacheBytesPerToken: 1 })
		);
		expect(rows.map(({ verdict }) => verdict)).toEqual([null, 'worse', 'worse', null]);
	});
	it('show no ratio beside medians that point the other way, and the interval otherwise', () => {
		const bench = madeUpBench({
			tokensPerSecond: { ...sure(0.7, 1.071, 1.2), q25: 0.9, q75: 1.1 }
		});
		expect(benchRows(bench)[1].ratio).toMatchObject({ main: '×1.071', below: '0.700–1.200' });
		const median = (value: number) => ({ median: value, q25: value, q75: value });
		const torn = benchRows({
			...bench,
			baseline: { ...bench.baseline, tokensPerSecond: median(22) },
			planned: { ...bench.planned, tokensPerSecond: median(16.6) }
		})[1];
		expect(torn.ratio).toMatchObject({ main: 'no clear difference', below: '0.700–1.200' });
		expect(torn.verdict).toBe(null);
	});
	it('have neither quartiles nor a verdict on times after a single round', () => {
		const once = { median: 0.9, q25: 0.9, q75: 0.9 };
		const bench = madeUpBench({ firstTokenSeconds: once });
		const [row] = benchRows({ ...bench, setting: { ...bench.setting, repeats: 1 } });
		expect(row.ratio).toMatchObject({ main: '×0.900', below: '' });
		expect(row.verdict).toBe(null);
	});
	it('give a prediction of more work its sign', () => {
		const bench = madeUpBench();
		const predicted = { ...bench.predicted, decodeBytes: -0.02 };
		expect(benchRows({ ...bench, predicted })[1].predicted.main).toBe('+2.0%');
	});
});

describe('the range of the ratios', () => {
	const rangeOf = (ratio: Parameters<typeof madeUpBench>[0]) =>
		ratioRange(benchRows(madeUpBench(ratio))).map((end) => Number(end.toFixed(6)));
	const near = { median: 1, q25: 0.99, q75: 1.01 };
	const all = {
		firstTokenSeconds: near,
		tokensPerSecond: near,
		peakRss: 1,
		cacheBytesPerToken: 1
	};

	it('has 1 in the middle of its logarithms and holds all intervals', () => {
		expect(rangeOf({})).toEqual([0.714286, 1.4]);
		expect(rangeOf({ ...all, peakRss: 0.5 })).toEqual([0.5, 2]);
		expect(rangeOf({ ...all, peakRss: 0.45 })).toEqual([0.434783, 2.3]);
	});
	it('is never so narrow that chance looks large', () => {
		expect(rangeOf(all)).toEqual([0.909091, 1.1]);
	});
	it('has ends with short names', () => {
		expect([1 / 1.4, 1.4].map(endText)).toEqual(['×0.71', '×1.4']);
	});
});

it('is saved as plain numbers, quartiles and intervals empty where there are none', () => {
	const [header, first, , memory, ...rest] = benchCsv(madeUpBench()).split('\n');
	expect(header.split(',')).toHaveLength(18);
	expect(first).toBe(
		'first token seconds,measured,0.08038,0.0746,0.0845,0.06802,0.0674,1.25,0.887,0.866,0.918,0.866,0.918,prefill FLOPs,0.052,,,'
	);
	expect(memory).toBe(
		'peak memory bytes,measured,276328448,,,283496448,,,1.0259,,,,,parameters,0.037,,,'
	);
	expect(rest.slice(1)).toEqual([
		'loss on text (nats/token),measured,3.923,,,3.959,,,,,,,,,,0.036,0.01,0.061',
		'recall (nats/token),measured,0.246,,,0.256,,,,,,,,,,0.01,-0.002,0.022',
		''
	]);
});
