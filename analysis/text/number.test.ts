import { expect, it } from 'vitest';
import {
	formatArchitecture,
	formatBytes,
	formatCount,
	formatDuration,
	formatProbability,
	formatPercent,
	formatShortPercent,
	formatSigned,
	formatTick,
	formatTimes,
	formatValue,
	formatWhole
} from './number.ts';

it('writes values with a true minus, no minus on zero, and a dash for what is not there', () => {
	expect([0.12345, -0.02, -0.0001, null, NaN].map((value) => formatValue(value))).toEqual([
		'0.123',
		'−0.020',
		'0.000',
		'–',
		'–'
	]);
});

it('writes a sign on differences unless they are zero', () => {
	expect([0.25, -0.25, 0, 0.0001].map((value) => formatSigned(value))).toEqual([
		'+0.250',
		'−0.250',
		'0.000',
		'0.000'
	]);
});

it('writes ratios behind a times sign', () => {
	expect([formatTimes(0.887), formatTimes(1.4, 1), formatTimes(NaN)]).toEqual([
		'×0.89',
		'×1.4',
		'×–'
	]);
});

it('writes round values beside an axis', () => {
	expect([0, 0.25, -3, 1500, 0.1 + 0.2, 1e-7].map(formatTick)).toEqual([
		'0',
		'0.25',
		'−3',
		'1500',
		'0.3',
		'0.0000001'
	]);
});

it('writes probabilities however small they are', () => {
	expect([0.03124, 0, -0.25, 0.000041, -0.000041, NaN].map(formatProbability)).toEqual([
		'0.0312',
		'0.0000',
		'−0.2500',
		'4.1e−5',
		'−4.1e−5',
		'–'
	]);
});

it('writes bytes and counts with three figures', () => {
	expect([0, 999, 15_757_208, 2.2e9, -1500].map(formatBytes)).toEqual([
		'0 B',
		'999 B',
		'15.8 MB',
		'2.20 GB',
		'−1.50 kB'
	]);
	expect([512, 7_870_656].map(formatCount)).toEqual(['512', '7.87 M']);
	expect(formatBytes(999_600)).toBe('1.00 MB');
});

it('writes percentages, durations and whole numbers', () => {
	expect([0.0625, -0.0004, -0.125].map((value) => formatPercent(value))).toEqual([
		'6.3%',
		'0.0%',
		'−12.5%'
	]);
	expect([0.125, 0.5, 1, 0.01234].map(formatShortPercent)).toEqual([
		'12.5%',
		'50%',
		'100%',
		'1.23%'
	]);
	expect([3.21, 8, 42.4, 125, 3725].map(formatDuration)).toEqual([
		'3.2 s',
		'8.0 s',
		'42 s',
		'2 min 05 s',
		'1 h 02 min'
	]);
	expect([4096, 12345, 1234567].map(formatWhole)).toEqual([
		'4096',
		'12\u2009345',
		'1\u2009234\u2009567'
	]);
});

it.each([
	['LlamaForCausalLM', 'Llama'],
	['GPT2LMHeadModel', 'GPT2'],
	['ONNX', 'ONNX']
])('calls the family of %s %s', (architecture, family) => {
	expect(formatArchitecture(architecture)).toBe(family);
});
