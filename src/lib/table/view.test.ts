import { describe, expect, it } from 'vitest';
import { visibleCsv, visibleRows, visibleTexts, type Column } from './view.ts';

interface Run {
	model: string;
	layers: number;
	loss: number | null;
}
const rows: Run[] = [
	{ model: 'mini-llama3', layers: 16, loss: 3.6 },
	{ model: 'mini-llama2', layers: 16, loss: 3.4 },
	{ model: 'TinyLlama, "chat"', layers: 22, loss: null }
];
const columns: Column<Run>[] = [
	{ key: 'model', title: 'Model', value: (run) => run.model },
	{ key: 'layers', title: 'Layers', value: (run) => run.layers, format: (n) => `${String(n)} L` },
	{ key: 'loss', title: 'Loss', value: (run) => run.loss }
];

describe('visibleRows', () => {
	it('keeps the order given without a sort', () => {
		expect(visibleRows(columns, rows, '', null)).toEqual([0, 1, 2]);
	});
	it('sorts numbers as numbers and text as text, both ways', () => {
		expect(visibleRows(columns, rows, '', { key: 'model', descending: false })).toEqual([2, 1, 0]);
		expect(visibleRows(columns, rows, '', { key: 'layers', descending: true })).toEqual([2, 0, 1]);
	});
	it('puts what is not there last, both ways', () => {
		expect(visibleRows(columns, rows, '', { key: 'loss', descending: false })).toEqual([1, 0, 2]);
		expect(visibleRows(columns, rows, '', { key: 'loss', descending: true })).toEqual([0, 1, 2]);
	});
	it('keeps rows that hold every word somewhere, whatever its case, as shown on the screen', () => {
		expect(visibleRows(columns, rows, 'MINI', null)).toEqual([0, 1]);
		expect(visibleRows(columns, rows, 'mini 3.4', null)).toEqual([1]);
		expect(visibleRows(columns, rows, '22 l', null)).toEqual([2]);
		expect(visibleRows(columns, rows, 'absent', { key: 'loss', descending: false })).toEqual([]);
	});
	it('works on no rows', () => {
		expect(visibleRows(columns, [], '', { key: 'loss', descending: true })).toEqual([]);
	});
});

describe('visibleCsv', () => {
	it('holds the values with their titles, quoted where they must be', () => {
		expect(visibleCsv(columns, rows, '', { key: 'loss', descending: true }).split('\n')).toContain(
			'"TinyLlama, ""chat""",22,'
		);
		expect(visibleCsv(columns, rows, 'llama2', null)).toBe(
			'Model,Layers,Loss\nmini-llama2,16,3.4\n'
		);
	});
});

describe('visibleTexts', () => {
	const sort = { key: 'loss', descending: false };
	it('gives the first visible rows as the screen shows them, – where there is nothing', () => {
		const hidden = { key: 'file', title: 'File', value: () => 'x', hidden: true };
		expect(visibleTexts([...columns, hidden], rows, '', sort, 3)).toEqual({
			header: ['Model', 'Layers', 'Loss'],
			rows: [
				['mini-llama2', '16 L', '3.4'],
				['mini-llama3', '16 L', '3.6'],
				['TinyLlama, "chat"', '22 L', '–']
			]
		});
	});
	it('stops at the number asked for', () => {
		expect(visibleTexts(columns, rows, 'mini', sort, 1).rows).toEqual([
			['mini-llama2', '16 L', '3.4']
		]);
	});
});
