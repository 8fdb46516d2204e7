import { describe, expect, it } from 'vitest';
import type { QuantisedFormat } from '../checkpoint/types.ts';
import { widenWeight } from './decode.ts';
import { E2M1, E4M3, E8M0 } from './floats.ts';

/** A weight of stored tensors: [dtype, shape, bytes] by role, in the order given. */
function decoded(
	format: QuantisedFormat,
	[rows, columns]: [number, number],
	tensors: Record<string, [dtype: string, shape: number[], bytes: ArrayBuffer]>,
	part: { firstRow: number; count: number } = { firstRow: 0, count: rows }
): number[] {
	const stored = Object.fromEntries(
		Object.entries(tensors).map(([role, [dtype, shape, bytes]]) => [
			role,
			{ name: role, dtype, shape, file: 'f', offset: 0, byteLength: bytes.byteLength }
		])
	);
	const pieces = Object.values(tensors).map(([, , bytes]) => {
		const padded = new Uint8Array(Math.ceil(bytes.byteLength / 8) * 8);
		padded.set(new Uint8Array(bytes));
		return padded;
	});
	const whole = new Uint8Array(Buffer.concat(pieces));
	const target = new Float32Array(part.count * columns);
	const entry = {
		...{ name: 'w', dtype: '', shape: [part.count, columns], file: 'f', offset: 0 },
		byteLength: whole.length,
		quantised: { format, stored, rows, firstRow: part.firstRow, rowStep: 1 }
	};
	widenWeight(entry, whole, target, 0);
	return [...target];
}

const bytes = (...values: number[]) => Uint8Array.from(values).buffer;
const words = (...values: number[]) => Uint32Array.from(values).buffer;
const floats = (...values: number[]) => Float32Array.from(values).buffer;

describe('tables of small floats', () => {
	it('E4M3 ends at 448, has subnormals, and no infinity', () => {
		expect([0x00, 0x01, 0x08, 0x38, 0x7e, 0xb8].map((bits) => E4M3[bits])).toEqual([
			...[0, 2 ** -9, 2 ** -6, 1, 448, -1]
		]);
		expect(E4M3[0x7f]).toBeNaN();
	});
	it('E8M0 is a power of two; E2M1 ends at 6', () => {
		expect([E8M0[127], E8M0[120], E8M0[255]]).toEqual([1, 2 ** -7, NaN]);
		expect([E2M1[7], E2M1[9]]).toEqual([6, -0.5]);
	});
});

describe('values by hand', () => {
	it('FP8 in blocks of 1 × 2, the last cut off', () => {
		const format = { kind: 'bytes', type: 'E4M3', block: [1, 2], divisor: 1 } as const;
		const values = bytes(0x38, 0x40, 0x38, 0xb8, 0x38, 0x44);
		const scales = floats(1, 10, 100, 1000);
		expect(
			decoded(format, [2, 3], {
				values: ['F8_E4M3', [2, 3], values],
				scales: ['F32', [2, 2], scales]
			})
		).toEqual([1, 2, 10, -100, 100, 3000]);
	});
	it('FP8 whose scales are exponents, U8', () => {
		const format = { kind: 'bytes', type: 'E4M3', block: [1, 2], divisor: 1 } as const;
		const values = bytes(0x38, 0x40, 0x38, 0x38);
		expect(
			decoded(format, [2, 2], {
				values: ['F8_E4M3', [2, 2], values],
				scales: ['U8', [2, 1], bytes(128, 126)]
			})
		).toEqual([2, 4, 0.5, 0.5]);
	});
	it('packed integers of 3 bits, one of them in two words; 4 stands for 0', () => {
		// Ten values of 3 bits fill 30 bits; of the 11th, 6 = 110, two bits lie in the first word.
		const first = 7 | (0b10 << 30);
		const values = words(first >>> 0, 0b1);
		const row = decoded({ kind: 'packed', bits: 3 }, [1, 11], {
			values: ['I32', [1, 2], values],
			scales: ['F32', [1, 1], floats(0.5)]
		});
		expect(row).toEqual([1.5, ...Array<number>(9).fill(-2), 1]);
	});
	it('GPTQ of version 1 adds one to a zero, which wraps', () => {
		const stored = (zero: number) =>
			({
				values: ['I32', [1, 1], words(0x76543210)],
				scales: ['F32', [1, 1], floats(2)],
				zeros: ['I32', [1, 1], words(zero)]
			}) as Record<string, [string, number[], ArrayBuffer]>;
		const steps = [0, 2, 4, 6, 8, 10, 12, 14];
		const of = (zero: number, zeroOffset: 0 | 1) =>
			decoded({ kind: 'gptq', bits: 4, zeroOffset }, [1, 8], stored(zero));
		expect(of(7, 1)).toEqual(steps.map((step) => step - 16));
		expect(of(8, 0)).toEqual(steps.map((step) => step - 16));
		expect(of(15, 1)).toEqual(steps);
	});
	it('AWQ has outputs 0, 2, 4, 6, 1, 3, 5, 7 in a word', () => {
		expect(
			decoded({ kind: 'awq' }, [8, 1], {
				values: ['I32', [1, 1], words(0x76543210)],
				scales: ['F32', [1, 8], floats(1, 1, 1, 1, 1, 1, 1, 10)],
				zeros: ['I32', [1, 1], words(0)]
			})
		).toEqual([0, 4, 1, 5, 2, 6, 3, 70]);
	});
	it('FP4 has the low half of a byte first; the scale of the whole multiplies or divides', () => {
		const of = (global: 'multiplies' | 'divides') =>
			decoded({ kind: 'fp4', block: 2, global }, [1, 4], {
				values: ['U8', [1, 2], bytes(0x21, 0xa7)],
				scales: ['F8_E4M3', [1, 2], bytes(0x38, 0x40)],
				global: ['F32', [1], floats(4)]
			});
		expect(of('multiplies')).toEqual([2, 4, 48, -8]);
		expect(of('divides')).toEqual([0.125, 0.25, 3, -0.5]);
	});
	it('a table has the high half of a byte first', () => {
		const table = Array.from({ length: 16 }, (_, place) => place / 16);
		expect(
			decoded({ kind: 'table', block: 2, nestedBlock: 1, nestedOffset: 0 }, [1, 4], {
				values: ['U8', [2, 1], bytes(0x81, 0xf0)],
				scales: ['F32', [2], floats(2, 4)],
				table: ['F32', [16], floats(...table)]
			})
		).toEqual([1, 0.125, 3.75, 0]);
	});
	it('rows of a larger weight are those rows', () => {
		const format = { kind: 'bytes', type: 'I8', block: [1, 2], divisor: 127 } as const;
		const tensors: Record<string, [string, number[], ArrayBuffer]> = {
			values: ['I8', [3, 2], bytes(1, 2, 3, 4, 127, 0x81)],
			scales: ['F32', [3], floats(1, 1, 5)]
		};
		const [one, other] = decoded(format, [3, 2], tensors, { firstRow: 2, count: 1 });
		expect(one).toBeCloseTo(5, 6);
		expect(other).toBeCloseTo(-5, 6);
	});
});

it('a group that is not there is named', () => {
	expect(() =>
		decoded({ kind: 'gptq', bits: 4, zeroOffset: 1 }, [1, 8], {
			values: ['I32', [1, 1], words(0)],
			scales: ['F32', [1, 1], floats(1)],
			zeros: ['I32', [1, 1], words(0)],
			groups: ['I32', [8], words(0, 0, 0, 0, 0, 0, 0, 3)]
		})
	).toThrow('groups names group 3; expected 0 to 0');
});
