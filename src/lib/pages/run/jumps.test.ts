import { describe, expect, it } from 'vitest';
import { madeUpRun } from '../../../../tests/builders/run.ts';
import { defaultUrl } from '../../state/defaultUrl.ts';
import { RunState } from '../../state/run.svelte.ts';
import { layerJumps } from './jumps.ts';

const { record } = madeUpRun('a');
const layers = 8;
const reach = Array.from({ length: layers }, () => null);
const run = { ...record, files: {}, model: { ...record.model, layers, reach } };
const pageOf = () => new RunState(run, defaultUrl(run));

describe('a line about layers', () => {
	it.each([
		['5', ['Layer 5'], { row: 4, column: 5 }],
		['layer 0', ['Layer 0'], { row: 0, column: 1 }],
		['2 6', ['Layers 2 and 6', 'Make span 2–6'], { row: 2, column: 6 }],
		['pair 6,2', ['Layers 6 and 2'], { row: 6, column: 2 }],
		['layers 3 and 3', ['Layers 3 and 3'], { row: 3, column: 3 }]
	])('%s opens a pair', (text, titles, cell) => {
		const page = pageOf();
		page.set({ tab: 'evaluate' });
		const jumps = layerJumps(page, text);
		expect(jumps.map(({ title }) => title)).toEqual(titles);
		void jumps[0].run();
		expect(page.url).toMatchObject({ tab: 'map', cell });
	});
	it('makes a span that can be undone', () => {
		const page = pageOf();
		void layerJumps(page, 'span 2-4')[1].run();
		expect(page.plan.sources.slice(2, 5)).toEqual([2, 2, 2]);
		expect(page.steps.at).toBe(1);
	});
	it('says which layers there are', () => {
		expect(layerJumps(pageOf(), '8')).toMatchObject([
			{ title: 'Layer 8', refused: 'this model has layers 0 to 7' }
		]);
		expect(layerJumps(pageOf(), '3 99')).toMatchObject([{ title: 'Layers 3 and 99' }]);
	});
	it('is no other line', () => {
		for (const text of ['cosine', 'run 3', '1 2 3']) expect(layerJumps(pageOf(), text)).toEqual([]);
	});
});
