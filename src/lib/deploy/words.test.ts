import { describe, expect, it } from 'vitest';
import { madeUpBench, sure } from '../../../tests/builders/benchReport.ts';
import { BENCH_FIGURES } from './figures.ts';
import { measuredWords, netKind, netWords, sideOf } from './words.ts';

const sooner = sure(0.8, 0.9, 0.95);
const later = sure(1.1, 1.4, 1.5);
const unsure = sure(0.98, 1.01, 1.03);

describe('the net in words', () => {
	it('names a gain and its size: two digits where measured, one decimal where counted', () => {
		expect(netWords(madeUpBench())).toBe(
			'First token 11 % sooner, decoding 29 % faster, peak memory 2.6 % larger, cache 12.5 % smaller.'
		);
	});
	it('names a loss as plainly', () => {
		const slower = madeUpBench({
			firstTokenSeconds: later,
			tokensPerSecond: sure(0.45, 0.5, 0.9),
			peakRss: 0.8
		});
		expect(netWords(slower)).toBe(
			'First token 40 % later, decoding 50 % slower, peak memory 20 % smaller, cache 12.5 % smaller.'
		);
	});
	it('calls times the same whose interval holds 1, whatever their median', () => {
		const same = madeUpBench({
			firstTokenSeconds: unsure,
			tokensPerSecond: unsure,
			peakRss: 1.004,
			cacheBytesPerToken: 1
		});
		expect(netWords(same)).toBe(
			'First token about as soon, decoding about as fast, peak memory the same, cache the same.'
		);
	});
});

describe('the side of 1 that a ratio lies on', () => {
	const [time, , memory, cache] = BENCH_FIGURES;

	it('is certain with the whole interval on it, and a single number is certain by itself', () => {
		expect([sooner, later, unsure].map((ratio) => sideOf(time, ratio))).toEqual([
			'less',
			'more',
			null
		]);
		expect([0.5, 1, 2].map((ratio) => sideOf(memory, ratio))).toEqual(['less', null, 'more']);
		expect(sideOf(time, sure(1, 1.2, 1.3))).toBe(null);
	});
	it('is none for less than half a percent of what is measured, but counted bytes are exact', () => {
		expect(sideOf(time, sure(1.003, 1.004, 1.005))).toBe(null);
		expect(sideOf(memory, 0.996)).toBe(null);
		expect(sideOf(cache, 0.996)).toBe('less');
	});
});

describe('what times say together', () => {
	it.each([
		[sooner, later, 'faster'],
		[sooner, unsure, 'faster'],
		[later, sooner, 'slower'],
		[unsure, sooner, 'slower'],
		[sooner, sooner, 'mixed'],
		[unsure, unsure, 'no clear difference']
	])('of prefill %j and decode %j is %s', (firstTokenSeconds, tokensPerSecond, kind) => {
		expect(netKind(madeUpBench({ firstTokenSeconds, tokensPerSecond }))).toBe(kind);
	});
	it('of a few rounds is nothing certain, and told by the ratios alone', () => {
		const few = { median: 0.5, q25: 0.4, q75: 0.6, low: null, high: null };
		const bench = madeUpBench({ firstTokenSeconds: few, tokensPerSecond: few });
		expect(netKind(bench)).toBe('few rounds');
		expect(netWords(bench)).toContain('First token ×0.50, decoding ×0.50, peak memory 2.6 %');
	});
	it('knows nothing of memory', () => {
		const bench = { firstTokenSeconds: unsure, tokensPerSecond: unsure, peakRss: 3 };
		expect(netKind(madeUpBench(bench))).toBe('no clear difference');
	});
});

it('says on what was measured, and how', () => {
	expect(measuredWords(madeUpBench())).toBe(
		'Measured on AMD EPYC, 2 threads: prompt 512, 64 generated, batch 1, 7 rounds, both models in turn, fp32'
	);
	const { setting, machine, ...rest } = madeUpBench();
	const one = { setting: { ...setting, repeats: 1 }, machine: { ...machine, threads: 1 } };
	expect(measuredWords({ ...rest, ...one })).toContain(
		'1 thread: prompt 512, 64 generated, batch 1, 1 round,'
	);
});
