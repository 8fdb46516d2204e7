import { expect, it } from 'vitest';
import { netWords } from '../analysis/measure/bench/words.ts';
import { madeUpBench } from '../tests/builders/benchReport.ts';
import { benchText } from './benchText.ts';

it('tells both sides, their ratio with its interval, and the net in the words of the page', () => {
	const text = benchText(madeUpBench());
	expect(text).toMatch(
		/^time to first token +80\.4 ms \(74\.6–84\.5 ms\) .* ×0\.887 \(0\.866–0\.918\) /m
	);
	expect(text).toMatch(/^cache per token +24\.6 kB +21\.5 kB +×0\.875 +−12\.5% bytes$/m);
	expect(text).toContain(`\nfaster: ${netWords(madeUpBench())}\n`);
	expect(text).toContain('of ratios, the 95% interval of the median');
});

it('tells what the plan costs beside what it gains: loss on text and recall, paired, and on what', () => {
	const text = benchText(madeUpBench());
	expect(text).toMatch(/^loss on text +3\.923 +3\.959 +\+0\.036 \[\+0\.010, \+0\.061\]$/m);
	expect(text).toMatch(/^recall +0\.246 +0\.256 +\+0\.010 \[−0\.002, \+0\.022\]$/m);
	expect(text).toContain(
		'\nIt costs +0.036 [+0.010, +0.061] nats/token on text and +0.010 [−0.002, +0.022] on recall, the loss on a passage that comes again.\n'
	);
	expect(text).toContain('\nCost measured on 8 × 512 tokens and 8 probes of walden.txt; 95% CI');
});

it('says where recall, or the cost, was not measured', () => {
	const { cost, ...older } = madeUpBench();
	if (!cost) throw new TypeError('no cost');
	const { text, texts, context } = cost;
	const ofText = { text, texts, context };
	expect(benchText({ ...older, cost: ofText })).toContain('on text; recall was not measured.');
	for (const report of [older, { ...older, cost: null }])
		expect(benchText(report)).toContain(
			'\nWhat it costs was not measured: spanwise evaluate measures loss and recall.\n'
		);
});

it('claims no direction where the interval contains 1', () => {
	const wavering = { median: 1.071, q25: 0.9, q75: 1.2, low: 0.7, high: 1.3 };
	const text = benchText(
		madeUpBench({ firstTokenSeconds: wavering, tokensPerSecond: wavering, peakRss: 1 })
	);
	expect(text).toContain('\nno clear difference: First token: no clear difference, decoding: no');
	expect(text).not.toMatch(/faster|slower|sooner|later/);
});

it('says where rounds are too few for an interval', () => {
	const few = { median: 0.9, q25: 0.8, q75: 1, low: null, high: null };
	expect(benchText(madeUpBench({ firstTokenSeconds: few, tokensPerSecond: few }))).toContain(
		'\nFirst token: too few rounds to tell, decoding: too few rounds to tell, peak memory 2.6% larger'
	);
});
