import { describe, expect, it } from 'vitest';
import {
	cellAt,
	diagonalRange,
	layoutMap,
	moveCell,
	nearDiagonal,
	tickIndices,
	tickStep
} from './layout.ts';

const margins = { left: 40, top: 6, right: 6, bottom: 34 };

describe('layoutMap', () => {
	it('gives cells a whole number of device pixels', () => {
		const layout = layoutMap(16, 16, margins, { width: 546, pixelRatio: 1 });
		expect(layout.cell).toBe(31); // ⌊500 / 16⌋
		expect(layout.width).toBe(496);
		expect(layoutMap(16, 16, margins, { width: 546, pixelRatio: 2 }).cell).toBe(31); // ⌊62.5⌋ / 2
		expect(layoutMap(16, 16, margins, { width: 554, pixelRatio: 2 }).cell).toBe(31.5); // ⌊63.5⌋ / 2
	});

	it('fills the room where whole device pixels would leave a tenth of it empty', () => {
		const layout = layoutMap(512, 512, margins, { width: 430, pixelRatio: 1 });
		expect(layout.width).toBeCloseTo(384, 9);
		const wide = layoutMap(126, 126, margins, { width: 546, pixelRatio: 1 });
		expect(wide.cell).toBeCloseTo(500 / 126, 12); // 3.97: three pixels would leave a quarter
		expect(layoutMap(122, 122, margins, { width: 546, pixelRatio: 1 }).cell).toBe(4); // ⌊4.098⌋
	});

	it('keeps within the height, and no cell above the largest', () => {
		expect(layoutMap(10, 5, margins, { width: 546, height: 240 }).cell).toBe(20);
		expect(layoutMap(2, 2, margins, { width: 900 }).cell).toBe(44);
	});

	it('stays positive before anything was measured', () => {
		expect(layoutMap(16, 16, margins, { width: 0 }).cell).toBeGreaterThan(0);
	});
});

describe('cellAt', () => {
	const layout = layoutMap(3, 4, margins, { width: 126, maxCell: 20 });
	it('finds the cell under a point and nothing outside', () => {
		expect(layout.cell).toBe(20);
		expect(cellAt(layout, 40, 6)).toEqual({ row: 0, column: 0 });
		expect(cellAt(layout, 119.9, 65.9)).toEqual({ row: 2, column: 3 });
		expect(cellAt(layout, 39.9, 6)).toBeNull();
		expect(cellAt(layout, 120, 6)).toBeNull();
		expect(cellAt(layout, 40, 66)).toBeNull();
	});
	it('every cell holds its own centre', () => {
		for (let row = 0; row < 3; row++) {
			for (let column = 0; column < 4; column++) {
				const x = layout.left + (column + 0.5) * layout.cell;
				const y = layout.top + (row + 0.5) * layout.cell;
				expect(cellAt(layout, x, y)).toEqual({ row, column });
			}
		}
	});
	it('moves within the map and stops at its edges', () => {
		expect(moveCell(layout, { row: 1, column: 1 }, 1, -1)).toEqual({ row: 2, column: 0 });
		expect(moveCell(layout, { row: 2, column: 3 }, 10, 10)).toEqual({ row: 2, column: 3 });
		expect(moveCell(layout, { row: 0, column: 0 }, -1, 0)).toEqual({ row: 0, column: 0 });
	});
});

describe('ticks', () => {
	it('step by 1, 2, 5 times a power of ten', () => {
		expect([0.2, 1, 1.1, 2.5, 5.5, 11, 51].map(tickStep)).toEqual([1, 1, 2, 5, 10, 20, 100]);
	});
	it('label every layer of 16, every fifth of 126, every 20th or so of 512', () => {
		expect(tickIndices(16, 31, 20)).toHaveLength(16);
		expect(tickIndices(126, 4, 20).slice(0, 3)).toEqual([0, 5, 10]);
		expect(tickIndices(512, 0.75, 13).slice(0, 3)).toEqual([0, 20, 40]);
	});
	it('are never nearer than the gap', () => {
		for (const cell of [0.3, 1, 3.9, 7, 30]) {
			const [first = 0, second = Infinity] = tickIndices(500, cell, 13);
			expect((second - first) * cell).toBeGreaterThanOrEqual(13);
		}
	});
});

describe('drawing along the diagonal', () => {
	const layout = layoutMap(8, 8, { left: 0, top: 0, right: 0, bottom: 0 }, { width: 80 });
	it('takes the layers between the two ends, in either direction', () => {
		const from = { x: 25, y: 25 };
		const to = { x: 55, y: 55 };
		expect(diagonalRange(layout, from, to)).toEqual({ first: 2, last: 5 });
		expect(diagonalRange(layout, to, from)).toEqual({ first: 2, last: 5 });
	});
	it('projects a point beside the diagonal upon it, and stays within the layers', () => {
		expect(diagonalRange(layout, { x: 25, y: 25 }, { x: 58, y: 44 }).last).toBe(5); // (58 + 44) / 2 = 51
		expect(diagonalRange(layout, { x: 25, y: 25 }, { x: 300, y: 200 }).last).toBe(7);
	});
	it('starts near the diagonal only', () => {
		expect(nearDiagonal(layout, { x: 30, y: 37 })).toBe(true);
		expect(nearDiagonal(layout, { x: 30, y: 41 })).toBe(false);
	});
});
