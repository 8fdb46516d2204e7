import { expect, it } from 'vitest';
import { pickFrom } from './pick.ts';

/** Elements of one byte. */
function picked(shape: number[], from: number[], pick: Parameters<typeof pickFrom>[3]): number[] {
	const to = new Uint8Array(shape.reduce((product, size) => product * size, 1));
	pickFrom(Uint8Array.from(from), to, shape, pick);
	return [...to];
}

it('takes one run of rows out of each group', () => {
	// Two heads of q, k and v with one row of two columns each.
	const rows = [0, 1, 10, 11, 20, 21, 30, 31, 40, 41, 50, 51];
	const k = { kind: 'rows of groups', groups: 2, parts: 3, part: 1 } as const;
	expect(picked([2, 2], rows, k)).toEqual([10, 11, 40, 41]);
});

it('takes columns of a matrix that is stored as [inputs, outputs], and turns it', () => {
	const stored = [0, 1, 2, 3, 10, 11, 12, 13];
	const pick = { kind: 'columns', total: 4, first: 1, step: 1 } as const;
	expect(picked([2, 2], stored, pick)).toEqual([1, 11, 2, 12]);
});
