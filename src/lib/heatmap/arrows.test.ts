import { expect, it } from 'vitest';
import { stepOf } from './arrows.ts';

it('moves one cell by an arrow, ten with Shift', () => {
	expect(stepOf({ key: 'ArrowUp', shiftKey: false })).toEqual({ rows: -1, columns: 0 });
	expect(stepOf({ key: 'ArrowRight', shiftKey: true })).toEqual({ rows: 0, columns: 10 });
});
it('leaves other keys alone', () => {
	expect(stepOf({ key: 'Enter', shiftKey: false })).toBeNull();
});
