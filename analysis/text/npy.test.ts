import { describe, expect, it } from 'vitest';
import { toNpy } from './npy.ts';

describe('toNpy', () => {
	it("has NumPy's format 1.0: magic, header padded to 64 bytes, float64 little-endian", () => {
		const bytes = toNpy(Float64Array.of(1, -2), [1, 2]);
		expect([...bytes.slice(0, 10)]).toEqual([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
		const header = new TextDecoder().decode(bytes.slice(10, 128));
		expect(header.trimEnd()).toBe("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }");
		expect(header.endsWith(' \n')).toBe(true);
		expect([...bytes.slice(128)]).toEqual([
			0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0
		]);
	});
	it('writes one axis as a tuple of one', () => {
		const text = new TextDecoder().decode(toNpy(Float64Array.of(1, 2, 3), [3]));
		expect(text).toContain("'shape': (3,), }");
	});
	it('refuses a shape that does not fit', () => {
		expect(() => toNpy(Float64Array.of(1, 2, 3), [2, 2])).toThrow(
			'shape 2 × 2 has 4 numbers; found 3'
		);
	});
});
