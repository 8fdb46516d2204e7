import { describe, expect, it } from 'vitest';
import { freeMemoryBytes } from '../analysis/process/freeMemory.ts';
import { parseMemory } from './memory.ts';

describe('parseMemory', () => {
	it('counts in powers of 1000, and bytes without a unit', () => {
		expect(['4G', '4gb', '1.5g', '800M', '64k', '2T', '123'].map(parseMemory)).toEqual([
			4e9, 4e9, 1.5e9, 8e8, 64e3, 2e12, 123
		]);
	});

	it('takes a percentage of what is free now', () => {
		const free = freeMemoryBytes();
		expect(parseMemory('50%') / free).toBeGreaterThan(0.4);
		expect(parseMemory('50%') / free).toBeLessThan(0.6);
	});

	it.each(['', 'lots', '0', '-1G', '4X', '0%', '120%', '5%b'])('refuses %j', (text) => {
		expect(() => parseMemory(text)).toThrow('expected a size such as 4GB');
	});
});
