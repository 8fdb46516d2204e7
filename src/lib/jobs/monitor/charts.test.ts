import { describe, expect, it } from 'vitest';
import type { Telemetry } from '$analysis/telemetry/telemetry.ts';
import { chartsOf, figuresOf, samplesTable, timeRange, timeTicks } from './charts.ts';

const telemetry: Telemetry = {
	samples: [
		{ seconds: 1, stage: 'layers', rssBytes: 2e8, cores: 1.5, tokensPerSecond: 100 },
		{ seconds: 3, stage: 'layers, sharing', rssBytes: 4e8, cores: 2, tokensPerSecond: 300 }
	],
	stages: [
		{ stage: 'layers', seconds: 1 },
		{ stage: 'layers, sharing', seconds: 2 }
	],
	peakRssBytes: 4.2e8,
	cpuSeconds: 6,
	tokens: 700,
	seconds: 4
};

describe('charts of a job', () => {
	it('are tokens/s, memory and cores over seconds, from zero', () => {
		const charts = chartsOf(telemetry);
		expect(charts.map(({ title, unit, y }) => [title, unit, y])).toEqual([
			['tokens/s', '', [0, 300]],
			['memory', 'MB', [0, 400]],
			['cores in use', '', [0, 2]]
		]);
		expect(charts.map(({ series }) => series[0].ys)).toEqual([
			[100, 300],
			[200, 400],
			[1.5, 2]
		]);
		expect(charts[1].series[0].xs).toEqual([1, 3]);
		expect(charts[1].format(200)).toBe('200 MB');
	});
	it('count memory in gigabytes where there is so much', () => {
		const samples = telemetry.samples.map((sample) => ({ ...sample, rssBytes: 2.5e9 }));
		const [, memory] = chartsOf({ ...telemetry, samples });
		expect(memory).toMatchObject({ unit: 'GB', series: [{ ys: [2.5, 2.5] }] });
	});
	it('begin at nothing where nothing was counted yet', () => {
		const samples = telemetry.samples.map((sample) => ({ ...sample, tokensPerSecond: 0 }));
		expect(chartsOf({ ...telemetry, samples })[0].y).toEqual([0, 1]);
	});
	it('have an axis where there is no sample yet', () => {
		const none = { ...telemetry, samples: [] };
		expect(timeRange(none)).toEqual([0, 1]);
		expect(chartsOf(none).map(({ series }) => series[0].ys)).toEqual([[], [], []]);
	});
});

describe('the time axis', () => {
	it('ends with the last sample', () => {
		expect(timeRange(telemetry)).toEqual([0, 3]);
	});
	it.each([
		[[0, 3], 200, ['0', '1 s', '2 s', '3 s']],
		[[0, 600], 400, ['0', '2 min', '4 min', '6 min', '8 min', '10 min']],
		[[0, 20_000], 128, ['0', '2 h', '4 h']]
	] as const)('of %j on %i pixels has moments %j', (range, width, labels) => {
		expect(timeTicks(range, width).map(({ label }) => label)).toEqual(labels);
	});
});

it('says the averages over the whole job', () => {
	expect(figuresOf(telemetry)).toEqual([
		{ label: 'time', value: '4.0 s' },
		{ label: 'tokens through all layers', value: '700' },
		{ label: 'tokens/s', value: '175' },
		{ label: 'peak memory', value: '420 MB' },
		{ label: 'CPU time', value: '6.0 s' },
		{ label: 'cores in use', value: '1.50' }
	]);
});

it('gives samples as CSV', () => {
	expect(samplesTable(telemetry)).toBe(
		'seconds,stage,rss_bytes,cores_busy,tokens_per_second\n1,layers,200000000,1.5,100\n3,"layers, sharing",400000000,2,300\n'
	);
});
