import { describe, expect, it } from 'vitest';
import type { Progress } from './progress.ts';
import type { TelemetrySample } from './telemetry.ts';
import { TelemetryRecorder } from './recorder.ts';
import { MAX_SAMPLES, ThinnedSamples } from './thinnedSamples.ts';

/** Gauges that show what they are set to. The job begins at second 100, after 7 seconds of CPU time. */
function madeUp() {
	const now = { seconds: 100, cpuSeconds: 7, rssBytes: 1000, peakRssBytes: 5000 };
	const recorder = new TelemetryRecorder({
		seconds: () => now.seconds,
		cpuSeconds: () => now.cpuSeconds,
		rssBytes: () => now.rssBytes,
		peakRssBytes: () => now.peakRssBytes
	});
	const at = (seconds: number, cpuSeconds: number, stage: string, tokens: number) => {
		Object.assign(now, { seconds: 100 + seconds, cpuSeconds: 7 + cpuSeconds });
		return recorder.add(progress(stage, tokens));
	};
	return { recorder, now, at };
}

function progress(stage: string, tokens: number): Progress {
	return {
		stage,
		layer: null,
		layers: 2,
		window: 0,
		windows: 1,
		fraction: 0,
		secondsElapsed: 0,
		secondsLeft: null,
		rssBytes: 2000,
		tokens
	};
}

describe('TelemetryRecorder', () => {
	it('gives rates since the last sample, and takes one no sooner than after a fifth of a second', () => {
		const { at } = madeUp();
		expect(at(0.1, 0.1, 'layers', 0)).toBeNull();
		expect(at(0.5, 0.6, 'layers', 40)).toEqual({
			seconds: 0.5,
			stage: 'layers',
			rssBytes: 2000,
			cores: 1.2,
			tokensPerSecond: 80
		});
		expect(at(0.6, 0.7, 'layers', 60)).toBeNull();
		expect(at(1.5, 2.6, 'loss', 90)).toMatchObject({ cores: 2, tokensPerSecond: 50 });
	});
	it('gives the time between two reports to the stage of the later, each stage once, as first met', () => {
		const { recorder, now, at } = madeUp();
		at(1, 0, 'reading weights', 0);
		at(3, 0, 'layers', 10);
		at(3.2, 0, 'loss: 3.21', 10);
		at(3.5, 0, 'loss: 3.18', 10);
		at(7.5, 0, 'layers', 20);
		now.seconds = 108;
		expect(recorder.finish().stages).toEqual([
			{ stage: 'preparing', seconds: 1 },
			{ stage: 'layers', seconds: 6 },
			{ stage: 'loss', seconds: 0.5 },
			{ stage: 'finishing', seconds: 0.5 }
		]);
	});
	it('ends with the sums of the whole job and a sample of its end', () => {
		const { recorder, now, at } = madeUp();
		at(1, 1.5, 'layers', 10.4);
		Object.assign(now, { seconds: 102, cpuSeconds: 9, peakRssBytes: 6000 });
		const telemetry = recorder.finish();
		expect(telemetry).toMatchObject({
			peakRssBytes: 6000,
			cpuSeconds: 2,
			tokens: 10,
			seconds: 2
		});
		expect(telemetry.samples.map(({ stage, rssBytes }) => [stage, rssBytes])).toEqual([
			['preparing', 2000],
			['finishing', 1000]
		]);
	});
	it('passes progress on unchanged', () => {
		const { recorder } = madeUp();
		const heard: Progress[] = [];
		const passedOn = progress('layers', 3);
		recorder.watching((each) => heard.push(each))(passedOn);
		expect(heard).toEqual([passedOn]);
	});
});

function sample(seconds: number, changes: Partial<TelemetrySample> = {}): TelemetrySample {
	return { seconds, stage: 'layers', rssBytes: 1, cores: 1, tokensPerSecond: 1, ...changes };
}

describe('ThinnedSamples', () => {
	it('keeps every sample while there are few', () => {
		const thinned = new ThinnedSamples();
		const samples = [sample(1), sample(2), sample(4)];
		for (const each of samples) thinned.add(each);
		expect(thinned.list()).toEqual(samples);
	});
	it('makes one of two neighbours, rates by time, memory by the highest, stage and moment of the later', () => {
		const thinned = new ThinnedSamples();
		thinned.add(sample(1, { cores: 4, tokensPerSecond: 40, rssBytes: 9 }));
		thinned.add(sample(4, { cores: 0, tokensPerSecond: 20, rssBytes: 3, stage: 'loss' }));
		for (let index = 2; index < MAX_SAMPLES; index++) thinned.add(sample(index + 3));
		expect(thinned.list()).toHaveLength(MAX_SAMPLES / 2);
		expect(thinned.list()[0]).toEqual({
			seconds: 4,
			stage: 'loss',
			rssBytes: 9,
			cores: 1,
			tokensPerSecond: 25
		});
	});
	it.each([241, 1000, 100_000])(
		'of %i samples keeps at most 240, evenly, up to the last',
		(count) => {
			const thinned = new ThinnedSamples();
			for (let index = 1; index <= count; index++) thinned.add(sample(index));
			const moments = thinned.list().map(({ seconds }) => seconds);
			expect(moments.length).toBeLessThanOrEqual(MAX_SAMPLES);
			expect(moments.length).toBeGreaterThan(MAX_SAMPLES / 2 - 1);
			expect(moments.at(-1)).toBe(count);
			const steps = moments.slice(1, -1).map((moment, index) => moment - moments[index]);
			expect(new Set(steps).size).toBe(1);
		}
	);
	it('keeps the average of a rate over the whole job', () => {
		const thinned = new ThinnedSamples();
		for (let index = 1; index <= 1000; index++) thinned.add(sample(index, { cores: index % 7 }));
		const list = thinned.list();
		const total = list.reduce(
			(sum, { cores, seconds }, index) => sum + cores * (seconds - (list[index - 1]?.seconds ?? 0)),
			0
		);
		const exact = Array.from({ length: 1000 }, (_, index) => (index + 1) % 7);
		expect(total).toBeCloseTo(
			exact.reduce((sum, value) => sum + value, 0),
			6
		);
	});
});
