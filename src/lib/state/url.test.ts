import { describe, expect, it } from 'vitest';
import { readUrl, writeUrl, type RunBounds, type RunUrl } from './url.ts';

const defaults: RunUrl = {
	tab: 'map',
	open: {},
	map: 'similarity',
	metric: 'cosine',
	view: 'all',
	show: 'similarity',
	range: null,
	cell: null,
	heads: null,
	window: 0,
	plan: { by: 'followers', followers: 4 },
	origin: null,
	maxSpan: 4,
	protectedLayers: [0, 15],
	context: 4096,
	batch: 1,
	dtype: 'bf16'
};
const bounds: RunBounds = {
	metrics: ['cosine', 'js'],
	views: ['all', 'no-sink'],
	layers: 16,
	heads: 6,
	windows: 8,
	tabs: ['map', 'evaluate', 'search', 'bench'],
	opens: [
		{ kind: 'evaluate', earlier: 'eval' },
		{ kind: 'search', earlier: 'found' },
		...['bench', 'damage', 'tally'].map((kind) => ({ kind }))
	],
	defaults
};
const read = (query: string) => readUrl(new URLSearchParams(query), bounds);

describe('the run page’s address', () => {
	it('is empty while everything stands at its default', () => {
		expect(writeUrl(defaults, defaults)).toBe('');
		expect(read('')).toEqual(defaults);
	});

	it('is short and readable', () => {
		const state: RunUrl = {
			...defaults,
			metric: 'js',
			show: 'excess',
			cell: { row: 4, column: 5 },
			plan: {
				by: 'hand',
				spans: [
					{ first: 4, last: 5 },
					{ first: 8, last: 10 }
				],
				dropped: [7, 12]
			}
		};
		expect(writeUrl(state, defaults)).toBe('m=js&show=excess&spans=4-5,8-10&drop=7,12&cell=4,5');
	});

	it('reads back what it wrote', () => {
		const states: RunUrl[] = [
			{
				...defaults,
				view: 'no-sink',
				range: [-0.25, 0.9],
				window: 3,
				heads: { row: 1, column: 5 }
			},
			{ ...defaults, plan: { by: 'threshold', threshold: 0.875 }, maxSpan: 6, protectedLayers: [] },
			{ ...defaults, plan: { by: 'followers', followers: 0 }, protectedLayers: [0, 1, 15] },
			{
				...defaults,
				tab: 'search',
				open: { search: 'tiny-1.5-20261123-061503-a1b2', evaluate: 'e_1' }
			},
			{ ...defaults, tab: 'evaluate', open: { bench: 'b-1.5', evaluate: 'e_1', tally: 't' } },
			{ ...defaults, map: 'damage', open: { damage: 'tiny-1.5-20261123-061503-a1b2' } },
			{ ...defaults, plan: { by: 'hand', spans: [{ first: 3, last: 5 }], dropped: [2, 6] } },
			{ ...defaults, plan: { by: 'hand', spans: [], dropped: [5] }, map: 'output' },
			{
				...defaults,
				plan: { by: 'hand', spans: [], dropped: [] },
				context: 32768,
				batch: 8,
				dtype: 'f32'
			}
		];
		for (const state of states) expect(read(writeUrl(state, defaults))).toEqual(state);
	});

	it('opens a bench in its tab, in addresses of earlier versions too, and damage on the map', () => {
		for (const query of ['tab=bench&bench=b', 'tab=evaluate&bench=b'])
			expect(read(query), query).toEqual({ ...defaults, tab: 'bench', open: { bench: 'b' } });
		expect(read('tab=evaluate&eval=e&bench=b')).toMatchObject({
			tab: 'evaluate',
			open: { evaluate: 'e', bench: 'b' }
		});
		expect(read('tab=evaluate&evaluate=e').open).toEqual({ evaluate: 'e' });
		expect(read('tab=search&found=s').open).toEqual({ search: 's' });
		expect(read('tab=damage&damage=d')).toEqual({
			...defaults,
			map: 'damage',
			open: { damage: 'd' }
		});
	});

	it('takes dropped layers in any order, with or without spans', () => {
		expect(read('drop=9,5').plan).toEqual({ by: 'hand', spans: [], dropped: [5, 9] });
		expect(read('spans=&drop=').plan).toEqual({ by: 'hand', spans: [], dropped: [] });
	});

	it('passes over what the run does not have', () => {
		for (const query of [
			'm=hellinger',
			'v=some',
			'cell=4,16',
			'heads=6,0',
			'w=8',
			'spans=4-16',
			'spans=5-4',
			'spans=4-6,6-8',
			'spans=4-6&drop=5',
			'drop=5,5',
			'drop=16',
			'map=cost',
			'damage=../etc',
			'f=16',
			'f=',
			't=',
			'keep=16',
			'max=0',
			'ctx=-1',
			'dtype=int8',
			'range=1,0',
			'tab=other',
			'eval=',
			'found=../etc',
			'bench=../etc'
		]) {
			expect(read(query), query).toEqual(defaults);
		}
	});
});
