import { csv } from '$analysis/text/csv.ts';
import type { Telemetry } from '$analysis/telemetry/telemetry.ts';
import { scaleLinear } from 'd3-scale';
import { niceRange, type Series } from '$analysis/figure/frame.ts';
import { formatBytes, formatCount, formatDuration, formatWhole } from '$analysis/text/number.ts';

/** One chart over the time since a job began. */
export interface MonitorChart {
	title: string;
	unit: string;
	series: Series[];
	/** From 0. */
	y: [number, number];
	format: (value: number) => string;
}

const GIGA = 1e9;
const MEGA = 1e6;
const zero = { name: 'zero', colour: '', xs: [0], ys: [0] };
/** Range of an axis on which all values are 0, so that they span none. No value can be below 0. */
const NOTHING_YET: [number, number] = [0, 1];
/** A tick's label and room around it, CSS pixels. */
const TICK_WIDTH = 64;

/** Tokens/s, memory and cores, over time in seconds. */
export function chartsOf({ samples }: Telemetry): MonitorChart[] {
	const xs = samples.map(({ seconds }) => seconds);
	const highest = Math.max(0, ...samples.map(({ rssBytes }) => rssBytes));
	const unit = highest >= GIGA ? GIGA : MEGA;
	const chart = (
		about: { title: string; unit: string; colour: string; format: (value: number) => string },
		ys: number[]
	): MonitorChart => {
		const series = [{ name: about.title, colour: about.colour, xs, ys }];
		const y = ys.some((value) => value > 0) ? niceRange([...series, zero]) : NOTHING_YET;
		return { ...about, series, y };
	};
	return [
		chart(
			{ title: 'tokens/s', unit: '', colour: 'var(--series-1)', format: formatWhole },
			samples.map(({ tokensPerSecond }) => tokensPerSecond)
		),
		chart(
			{
				title: 'memory',
				unit: unit === GIGA ? 'GB' : 'MB',
				colour: 'var(--series-2)',
				format: (value) => formatBytes(value * unit)
			},
			samples.map(({ rssBytes }) => rssBytes / unit)
		),
		chart(
			{
				title: 'cores in use',
				unit: '',
				colour: 'var(--series-3)',
				format: (value) => value.toFixed(2)
			},
			samples.map(({ cores }) => cores)
		)
	];
}

/** The time axis: from the beginning to the last sample. */
export function timeRange({ samples }: Telemetry): [number, number] {
	return [0, samples.at(-1)?.seconds || 1];
}

/** Round moments along the time axis, as many as `width` CSS pixels have room for. */
export function timeTicks(
	[from, to]: readonly [number, number],
	width: number
): { at: number; label: string }[] {
	const count = Math.max(1, Math.min(6, Math.floor(width / TICK_WIDTH)));
	const [name, unit] = to < 180 ? ['s', 1] : to < 10_800 ? ['min', 60] : ['h', 3600];
	return scaleLinear([from / unit, to / unit], [0, 1])
		.ticks(count)
		.map((at) => ({ at: at * unit, label: at === 0 ? '0' : `${at} ${name}` }));
}

/** The job in a line of figures, each with what it is. */
export function figuresOf(telemetry: Telemetry): { label: string; value: string }[] {
	const { seconds, tokens, cpuSeconds, peakRssBytes } = telemetry;
	const rate = (amount: number) => (seconds > 0 ? amount / seconds : 0);
	return [
		{ label: 'time', value: formatDuration(seconds) },
		{ label: 'tokens through all layers', value: formatWhole(tokens) },
		{ label: 'tokens/s', value: formatCount(rate(tokens)) },
		{ label: 'peak memory', value: formatBytes(peakRssBytes) },
		{ label: 'CPU time', value: formatDuration(cpuSeconds) },
		{ label: 'cores in use', value: rate(cpuSeconds).toFixed(2) }
	];
}

/** Samples as a table, for CSV. */
export function samplesTable({ samples }: Telemetry): string {
	const rows = samples.map(({ seconds, stage, rssBytes, cores, tokensPerSecond }) => [
		seconds,
		stage,
		rssBytes,
		cores,
		tokensPerSecond
	]);
	return csv([['seconds', 'stage', 'rss_bytes', 'cores_busy', 'tokens_per_second'], ...rows]);
}
