import { describe, expect, it } from 'vitest';
import { layoutMap } from '$analysis/figure/layout.ts';
import { SpanDrag } from './drag.svelte.ts';
import { resized, type SpanMark } from '$analysis/figure/spans.ts';
import { TABLE_LIMIT, tableWindow } from './table-window.ts';

/** 16 layers, 10 pixels each, from (0, 0). */
const layout = layoutMap(16, 16, { left: 0, top: 0, right: 0, bottom: 0 }, { width: 160 });
const centre = (layer: number) => ({ x: layer * 10 + 5, y: layer * 10 + 5 });

describe('drawing a span', () => {
	const dragOver = (spans: SpanMark[] = []) =>
		new SpanDrag(
			() => layout,
			() => spans
		);

	it('takes the layers from where the pointer went down to where it went up', () => {
		const drag = dragOver();
		expect(drag.start(centre(3))).toBe(true);
		drag.move(centre(6));
		expect(drag.drawn).toEqual({ first: 3, last: 6 });
		expect(drag.end()).toEqual({ first: 3, last: 6, index: null });
		expect(drag.drawn).toBeNull();
	});
	it('is a click where the pointer stays on one layer', () => {
		const drag = dragOver();
		drag.start(centre(3));
		drag.move({ x: 37, y: 36 });
		expect(drag.end()).toBeNull();
	});
	it('does not start away from the diagonal', () => {
		const drag = dragOver();
		expect(drag.start({ x: 35, y: 95 })).toBe(false);
		drag.move(centre(9));
		expect(drag.drawn).toBeNull();
	});
	it('moves the end of a span whose corner is pulled, and keeps the other', () => {
		const drag = dragOver([{ first: 4, last: 7, label: 'span' }]);
		expect(drag.start({ x: 81, y: 79 })).toBe(true);
		drag.move(centre(5));
		expect(drag.end()).toEqual({ first: 4, last: 5, index: 0 });
		drag.start({ x: 39, y: 41 });
		drag.move(centre(2));
		expect(drag.end()).toEqual({ first: 2, last: 7, index: 0 });
	});
	it('draws nothing once it was called off', () => {
		const drag = dragOver();
		drag.start(centre(3));
		drag.move(centre(6));
		drag.cancel();
		expect(drag.end()).toBeNull();
	});
});

describe('resized', () => {
	it('grows and shrinks at the end, keeps a follower, stays within the model', () => {
		expect(resized({ first: 2, last: 3 }, 1, 16)).toEqual({ first: 2, last: 4 });
		expect(resized({ first: 2, last: 3 }, -1, 16)).toBeNull();
		expect(resized({ first: 2, last: 15 }, 1, 16)).toBeNull();
	});
});

describe('tableWindow', () => {
	it('is everything where there is room', () => {
		expect(tableWindow(16, 9)).toEqual({ from: 0, to: 16 });
	});
	it('is the part around the cell where there is not, and stays inside', () => {
		expect(tableWindow(512, 300)).toEqual({
			from: 300 - TABLE_LIMIT / 2,
			to: 300 + TABLE_LIMIT / 2
		});
		expect(tableWindow(512, 511)).toEqual({ from: 512 - TABLE_LIMIT, to: 512 });
		expect(tableWindow(512, 0).from).toBe(0);
	});
});
