import { expect, it } from 'vitest';
import { InputError } from '../errors.ts';
import { check, toleranceFor } from './verify.ts';

it('allows a fraction of the standard deviation of the logits, whatever their mean', () => {
	const logits = Float32Array.of(101, 99, 101, 99);
	expect(toleranceFor(logits, 'float32')).toBeCloseTo(2e-4, 12);
	expect(toleranceFor(logits, 'float16')).toBeCloseTo(2e-2, 12);
});

it('refuses what differs by more, or is no number, in a line for the user', () => {
	const compared = { tokens: 4, tolerance: 2e-4, cachedDifference: null, largestLogit: 1 };
	expect(() => check({ ...compared, difference: 2e-4 })).not.toThrow();
	for (const difference of [2.1e-4, Infinity]) {
		expect(() => check({ ...compared, difference })).toThrow(InputError);
	}
	expect(() => check({ ...compared, difference: 0, cachedDifference: 1 })).toThrow(
		'what was written disagrees with itself when it reads through the cache: logits differ by 1.00; at most 0.00020 is allowed; nothing was written'
	);
});
