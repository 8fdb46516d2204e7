import { expect, it } from 'vitest';
import { widen } from '../model/checkpoint/widen.ts';
import { toHalf } from './half.ts';

const halves = (...values: number[]) => [...toHalf(Float32Array.from(values), 'weights')];

it('rounds to the nearest float16, ties to even', () => {
	expect(halves(0, -0, 1, -2, 65504)).toEqual([0x0000, 0x8000, 0x3c00, 0xc000, 0x7bff]);
	// 1 + 2⁻¹¹ lies half way between 1 and the next; 1 + 3·2⁻¹¹ between the next two.
	expect(halves(1 + 2 ** -11, 1 + 3 * 2 ** -11)).toEqual([0x3c00, 0x3c02]);
	expect(halves(65519)).toEqual([0x7bff]);
});

it('keeps what is too small for a normal float16 as a subnormal', () => {
	expect(halves(2 ** -24, 2 ** -25, 2 ** -25 * 1.01, 1.5 * 2 ** -24, 2 ** -14)).toEqual([
		0x0001, 0x0000, 0x0001, 0x0002, 0x0400
	]);
	// The largest subnormal's upper half rounds up to the smallest normal.
	expect(halves(2 ** -14 - 2 ** -26)).toEqual([0x0400]);
});

it('gives every finite float16 back', () => {
	const bits = Uint16Array.from({ length: 65536 }, (_, at) => at).filter(
		(half) => (half & 0x7c00) !== 0x7c00
	);
	const values = new Float32Array(bits.length);
	widen(new Uint8Array(bits.buffer), 'F16', values, 0);
	expect(toHalf(values, 'weights')).toEqual(bits);
});

it('refuses what float16 cannot hold', () => {
	const message = 'float16 holds at most 65504 (65520 rounds to infinity): use fp32';
	expect(() => halves(65520)).toThrow(`weights: 65520; ${message}`);
	expect(() => halves(-Infinity)).toThrow(`weights: -Infinity; ${message}`);
	expect(() => halves(NaN)).toThrow(`weights: a value that is no number; ${message}`);
});
