import { expect, it } from 'vitest';
import { turnedBy } from './turned.ts';

it('counts by the angle between the state and the state with the attention added', () => {
	// (1, 0) + (0, 1): 45 degrees; (2, 0) + (1, 0): none; (0, 0): not counted.
	const x = Float32Array.of(1, 0, 2, 0, 0, 0);
	const a = Float32Array.of(0, 1, 1, 0, 1, 1);
	expect(turnedBy(x, a, 2)).toBeCloseTo(1 - Math.SQRT1_2, 12);
});
