import { describe, expect, it } from 'vitest';
import type { ChangeRow, PlanRow, WorkspaceRows } from './rows.ts';
import { overviewTable } from './table.ts';

const UNNAMED = { label: null, tags: null, note: null, pinned: null };
const span = (key: string, model: string, change: string, loss: number): ChangeRow => ({
	...{ key, model, hash: `hash of ${model}`, change, loss, low: null, high: null },
	...{ kind: 'damage', id: 'd' },
	...UNNAMED
});
const plan = (key: string, model: string, loss: number): PlanRow => ({
	...span(key, model, '1←0', loss),
	...{ kind: 'evaluate', name: null, counts: '1 follower', saved: 0.125 }
});
const measurement = (model: string, created: string) => ({
	...{ model, kind: 'analyze', id: `${model} ${created}`, created, texts: 'a.txt' },
	...{ context: 8, windows: 2, result: '' },
	...UNNAMED
});
const alike = (model: string, source: number, follower: number, similarity: number) => ({
	...{ hash: `hash of ${model}`, source, follower, similarity }
});
const pair = (key: string, model: string, source: number, follower: number) => ({
	...{ key, hash: `hash of ${model}`, source, follower }
});
const rows: WorkspaceRows = {
	measurements: [
		measurement('b', '2026-01-02'),
		measurement('a', '2026-01-01'),
		measurement('a', '2026-01-03')
	],
	plans: [plan('1', 'b', 0.3), plan('2', 'a', 0.2), plan('3', 'a', 0.1)],
	spans: [
		span('4', 'a', '0–2', 0.4),
		span('5', 'a', 'dropped: 1', 0.5),
		span('6', 'b', '0–1', 0.1)
	],
	pairs: [
		...['1', '4'].map((key) => pair(key, key === '1' ? 'b' : 'a', 0, 1)),
		...[pair('4', 'a', 0, 2), pair('6', 'b', 0, 1)]
	],
	similarity: [alike('a', 0, 1, 0.5), alike('a', 0, 2, 1)]
};

describe('a table of results', () => {
	it('has the rows of a model together, measurements newest first', () => {
		const { rows: listed } = overviewTable(rows, 'measurements');
		expect(listed.map(({ id }) => id)).toEqual(['a 2026-01-03', 'a 2026-01-01', 'b 2026-01-02']);
	});
	it('ranks plans within their model by loss increase', () => {
		const { rows: listed } = overviewTable(rows, 'plans');
		expect(listed.map(({ model, rank, loss }) => [model, rank, loss])).toEqual([
			['a', 1, 0.1],
			['a', 2, 0.2],
			['b', 1, 0.3]
		]);
	});
	it('joins a span with the mean similarity of its followers to their source, where a run has it', () => {
		const { rows: listed } = overviewTable(rows, 'spans');
		expect(listed.map(({ change, similarity }) => [change, similarity])).toEqual([
			['0–2', 0.75],
			['dropped: 1', null],
			['0–1', null]
		]);
	});
	it('keeps what meets every condition, with the ranks of all', () => {
		const { rows: listed } = overviewTable(rows, 'plans', ['model=a', 'loss>0.1']);
		expect(listed.map(({ rank, loss }) => [rank, loss])).toEqual([[2, 0.2]]);
		expect(overviewTable(rows, 'spans', ['change~DROPPED']).rows).toHaveLength(1);
		expect(overviewTable(rows, 'spans', ['similarity>=0']).rows).toHaveLength(1);
		expect(overviewTable(rows, 'spans', ['similarity!=0.75']).rows).toHaveLength(2);
	});
	it('has what is pinned first, and keeps what has a tag', () => {
		const pinned = {
			...measurement('b', '2026-01-01'),
			pinned: 'yes' as const,
			tags: 'draft paper'
		};
		const more = { ...rows, measurements: [...rows.measurements, pinned] };
		const ids = (...where: string[]) =>
			overviewTable(more, 'measurements', where).rows.map(({ id }) => id);
		expect(ids().slice(0, 2)).toEqual(['b 2026-01-01', 'a 2026-01-03']);
		expect(ids('tag:paper')).toEqual(['b 2026-01-01']);
		expect(ids('tag:pap')).toEqual([]);
		expect(ids('pinned=yes', 'model:B')).toEqual(['b 2026-01-01']);
	});
	it('of an empty workspace is empty', () => {
		const none = { measurements: [], plans: [], spans: [], pairs: [], similarity: [] };
		expect(overviewTable(none, 'plans', ['loss<1']).rows).toEqual([]);
	});
	it.each(['size<3', 'loss', 'loss is 3'])('refuses the condition %s', (condition) => {
		expect(() => overviewTable(rows, 'spans', [condition])).toThrow(
			`where: ${condition}; expected a column, one of = != < <= > >= ~ or : (contains), and a value; columns: model, rank`
		);
	});
});
