import { describe, expect, it } from 'vitest';
import { madeUpBench, sure } from '../../../tests/builders/benchReport.ts';
import { measuredWords, netKind, netWords } from './words.ts';

const sooner = sure(0.8, 0.9, 0.95);
const later = sure(1.1, 1.4, 1.5);
const unsure = sure(0.98, 1.01, 1.03);

describe('the net in words', () => {
	it('names a gain and its size: two digits where measured, one decimal where counted', () => {
		expect(netWords(madeUpBench())).toBe(
			'First token 11% sooner, decoding 29% faster, peak memory 2.6% larger, cache 12.5% smaller.'
		);
	});
	it('names a loss as plainly', () => {
		const slower = madeUpBench({
			firstTokenSeconds: later,
			tokensPerSecond: sure(0.45, 0.5, 0.9),
			peakRss: 0.8
		});
		expect(netWords(slower)).toBe(
			'First token 40% later, decoding 50% slower, peak memory 20% smaller, cache 12.5% smaller.'
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
			'First token: no clear difference, decoding: no clear difference, peak memory: the same, cache: the same.'
		);
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
	it('of a few rounds is nothing certain, and says so instead of a ratio', () => {
		const few = { median: 0.5, q25: 0.4, q75: 0.6, low: null, high: null };
		const bench = madeUpBench({ firstTokenSeconds: few, tokensPerSecond: few });
		expect(netKind(bench)).toBe('few rounds');
		expect(netWords(bench)).toContain(
			'First token: too few rounds to tell, decoding: too few rounds to tell, peak memory 2.6%'
		);
	});
	it('is no clear difference where the medians of both models say the opposite of the rounds', () => {
		const bench = madeUpBench({
			firstTokenSeconds: unsure,
			tokensPerSecond: sure(1.01, 1.071, 1.2)
		});
		const tokensPerSecond = { median: 22, q25: 15, q75: 30 };
		const torn = {
			...bench,
			baseline: { ...bench.baseline, tokensPerSecond },
			planned: { ...bench.planned, tokensPerSecond: { ...tokensPerSecond, median: 16.6 } }
		};
		expect(netKind(torn)).toBe('no clear difference');
		expect(netWords(torn)).toContain('decoding: no clear difference');
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
