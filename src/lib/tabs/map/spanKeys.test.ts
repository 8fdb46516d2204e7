import { describe, expect, it } from 'vitest';
import { madeUpRun } from '../../../../tests/builders/run.ts';
import { defaultUrl } from '../../state/defaultUrl.ts';
import { RunState } from '../../state/run.svelte.ts';
import { editSpan } from './spanKeys.ts';

function opened(spans: { first: number; last: number }[]): RunState {
	const { record } = madeUpRun();
	const layers = 6;
	const reach = Array.from({ length: layers }, () => null);
	const run = { ...record, files: {}, model: { ...record.model, layers, reach } };
	const url = defaultUrl(run);
	return new RunState(run, {
		...url,
		protectedLayers: [],
		plan: { by: 'hand', spans, dropped: [] }
	});
}

describe('keys over the map', () => {
	it('make a span of the layers of the cell under the cursor, on the diagonal of it and the next', () => {
		const page = opened([]);
		page.hover = { row: 3, column: 1 };
		expect(editSpan('s', page)).toBe(true);
		expect(page.ranges).toEqual([{ first: 1, last: 3 }]);
		page.hover = { row: 0, column: 0 };
		editSpan('Delete', page);
		// Nothing is there, but the span just made is chosen.
		expect(page.ranges).toEqual([]);
		editSpan('s', page);
		expect(page.ranges).toEqual([{ first: 0, last: 1 }]);
	});
	it('change the span under the cursor rather than the chosen one, and take the cursor along', () => {
		const page = opened([
			{ first: 0, last: 1 },
			{ first: 2, last: 3 }
		]);
		page.chosen = 0;
		page.hover = { row: 2, column: 2 };
		editSpan(']', page);
		expect(page.ranges[1]).toEqual({ first: 2, last: 4 });
		editSpan('}', page);
		expect(page.ranges[1]).toEqual({ first: 3, last: 5 });
		expect(page.hover).toEqual({ row: 3, column: 3 });
		editSpan('[', page);
		editSpan('{', page);
		expect(page.ranges[1]).toEqual({ first: 2, last: 3 });
	});
	it('say what is missing, and leave other keys alone', () => {
		const page = opened([]);
		editSpan(']', page);
		expect(page.notice).toMatchObject({ kind: 'refused' });
		expect(page.notice?.text).toContain('No span here');
		expect(editSpan('x', page)).toBe(false);
	});
});
