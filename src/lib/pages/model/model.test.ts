import { describe, expect, it } from 'vitest';
import type { ModelFacts, ModelListing } from '$analysis/model/checkpoint/types.ts';
import { cellText } from '../../table/view.ts';
import { listedFacts } from './facts.ts';
import { layerColumns, layerGroups, layerRows } from './layerColumns.ts';
import { modelPath } from '../../client/modelPath.ts';
import { plannedLayerWords } from '$analysis/text/plan.ts';

const FACTS: ModelFacts = {
	architecture: 'LlamaForCausalLM',
	layers: 2,
	heads: 4,
	kvHeads: 2,
	headDim: 8,
	hidden: 32,
	intermediate: 64,
	vocab: 272,
	maxPositions: 2 ** 31 - 1,
	reach: [null, null],
	qkvBias: false,
	outputBias: false,
	qkNorm: false,
	parameters: 1_500_000,
	bytes: 6_000_000,
	dtype: 'float32'
};

const listing: ModelListing = {
	id: 'org/name',
	name: 'org/name',
	folder: '/m/model.onnx',
	form: 'onnx',
	origin: 'cache',
	facts: FACTS,
	planned: null,
	problem: null
};

describe('facts of a model', () => {
	it('leave out a limit of positions that nothing names', () => {
		const facts = Object.fromEntries(listedFacts(listing).map(({ name, value }) => [name, value]));
		expect(facts).toMatchObject({
			architecture: 'Llama',
			'layers × heads (kv)': '2 × 4 (2)',
			hidden: '32, heads of 8',
			positions: '–',
			'sliding window': 'none',
			parameters: '1.50 M',
			weights: 'float32, 6.00 MB'
		});
	});

	it('say how many layers attend themselves where a plan was written in', () => {
		const planned = { layers: 16, attending: 12 };
		expect(listedFacts({ ...listing, planned })).toContainEqual({
			name: 'plan',
			value: '12 of 16 layers compute their own attention'
		});
		expect(listedFacts(listing).map(({ name }) => name)).not.toContain('plan');
	});

	it('are none where the model could not be understood', () => {
		expect(listedFacts({ ...listing, facts: null })).toEqual([]);
	});
});

it('a model with slashes in its id has an address of its own', () => {
	expect(modelPath('org/name@1')).toBe('/models/org%2Fname%401');
});

describe('the table of layers', () => {
	const layer = (at: number) => ({
		layer: at,
		node: `/attn.${at}`,
		form: 'Softmax',
		heads: 4,
		kvHeads: null,
		reach: at === 0 ? null : 16,
		probabilities: { available: at === 0, how: at === 0 ? 'value of the graph' : 'no output' },
		shareable: { possible: at === 0, why: at === 0 ? 'loses k' : 'q, k and v come in one input' }
	});
	const texts = (check: Parameters<typeof layerRows>[1]) => {
		const rows = layerGroups(layerRows([layer(0), layer(1)], check));
		return rows.map((row) => layerColumns(rows).map((column) => cellText(column, row)));
	};

	it('has one row for neighbouring layers that differ in their number alone', () => {
		const shown = (
			numbers: readonly number[],
			sources: readonly (number | null)[] | null = null
		) => {
			const rows = layerRows(
				numbers.map((at) => ({ ...layer(1), layer: at, node: `/attn.${at}/10` })),
				sources && {
					layers: sources.map((source, at) => ({ layer: at, source, problem: null }))
				}
			);
			return layerGroups(rows).map(({ layer: first, last, node }) => [first, last, node]);
		};
		expect(shown([8, 9, 10, 11])).toEqual([[8, 11, '/attn.{layer}/10']]);
		expect(shown([0, 1, 3])).toEqual([
			[0, 1, '/attn.{layer}/10'],
			[3, 3, '/attn.3/10']
		]);
		expect(shown([0, 1, 2, 3], [0, 1, 1, null])).toEqual([
			[0, 1, '/attn.{layer}/10'],
			[2, 2, '/attn.2/10'],
			[3, 3, '/attn.3/10']
		]);
		const [first, other] = [layer(0), layer(1)];
		expect(layerGroups(layerRows([first, other], null))).toHaveLength(2);
	});

	it('says what is had and what is not', () => {
		expect(texts(null)).toEqual([
			['0', '/attn.0', 'Softmax', '4 (?)', 'none', 'value of the graph', 'yes: loses k'],
			[
				'1',
				'/attn.1',
				'Softmax',
				'4 (?)',
				'16',
				'none: no output',
				'no: q, k and v come in one input'
			]
		]);
	});

	it('has a column of the plan where one was checked, for as many layers', () => {
		const planned = (source: number | null, at: number, problem: string | null = null) => ({
			layer: at,
			source,
			problem
		});
		const check = { layers: [planned(0, 0), planned(0, 1, 'layer 1 sees 16 tokens')] };
		expect(texts(check).map((row) => row.at(-1))).toEqual([
			'own attention',
			'cannot follow 0: layer 1 sees 16 tokens'
		]);
		expect(texts({ layers: [planned(0, 0)] })[0]).toHaveLength(7);
	});

	it('calls a layer without attention dropped', () => {
		expect(plannedLayerWords({ layer: 1, source: null, problem: null })).toBe('dropped');
		expect(plannedLayerWords({ layer: 1, source: 0, problem: null })).toBe('follows 0');
	});
});
