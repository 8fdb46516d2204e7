import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { LLAMA_BLOCK } from '../model/checkpoint/families/family.ts';
import type { ModelConfig, RopeScaling } from '../model/checkpoint/types.ts';
import { blockEntries, causalMask, queryBlocks, widestSlidingWindow } from './blocks.ts';
import { attendGraph } from './attend.ts';
import { ModelProtoSchema } from '../proto/onnx_pb.ts';
import { dropGraph } from './drop.ts';
import { reuseGraph } from './reuse.ts';
import { inverseFrequencies, rotaryTables } from './rotary.ts';

const config: ModelConfig = {
	architecture: 'LlamaForCausalLM',
	layers: 2,
	hidden: 8,
	heads: 2,
	kvHeads: 1,
	headDim: 4,
	intermediate: 16,
	experts: null,
	sinks: false,
	vocab: 32,
	maxPositions: 1024,
	normEps: 1e-5,
	block: LLAMA_BLOCK,
	scales: { score: 0.5, scoreCap: null, logitCap: null, logit: 1, embedding: 1, residual: 1 },
	rotaries: [{ theta: 10000, scaling: { type: 'default' } }],
	rotaryOf: [0, 0],
	rotaryDims: 4,
	learnedPositions: false,
	slidingWindows: [null, null],
	qkvBias: false,
	outputBias: false,
	mlpBias: false,
	qkNorm: false,
	tied: true,
	bosId: null,
	shared: null,
	dtype: 'float32',
	quantisation: null
};

describe('queryBlocks', () => {
	it('is one block for a short window and at most eight for a long one', () => {
		expect(queryBlocks(60, null)).toEqual([
			{ queryStart: 0, queryCount: 60, keyStart: 0, keyCount: 60 }
		]);
		expect(queryBlocks(512, null)).toHaveLength(8);
		expect(queryBlocks(4096, null)).toHaveLength(8);
	});

	it('is never a power of two long, so that rows do not fall into the same sets of the cache', () => {
		for (const context of [64, 256, 512, 1024, 2048, 4096]) {
			const [{ queryCount }, ...others] = queryBlocks(context, null);
			if (others.length > 0) expect(queryCount % 8).toBe(4);
		}
	});

	it('covers every query once and every key that it may see', () => {
		for (const [context, slidingWindow] of [
			[300, null],
			[1000, 64],
			[4096, 1000]
		] as const) {
			const blocks = queryBlocks(context, slidingWindow);
			expect(blocks.reduce((sum, { queryCount }) => sum + queryCount, 0)).toBe(context);
			for (const { queryStart, queryCount, keyStart, keyCount } of blocks) {
				expect(keyStart).toBe(
					slidingWindow === null ? 0 : Math.max(0, queryStart - slidingWindow + 1)
				);
				expect(keyStart + keyCount).toBe(queryStart + queryCount);
			}
		}
	});

	it('leaves 56% of the entries of a window of 512', () => {
		const entries = queryBlocks(512, null).reduce((sum, block) => sum + blockEntries(block), 0);
		// Seven blocks of 68 queries see 68, 136, … 476 keys; the last 36 queries see 512.
		expect(entries).toBe(68 * 68 * 28 + 36 * 512);
		expect(entries / 512 ** 2).toBeCloseTo(0.564, 3);
	});
});

it('a mask hides what lies ahead and what lies beyond the sliding window', () => {
	const mask = causalMask({ queryStart: 2, queryCount: 2, keyStart: 1, keyCount: 3 }, 2);
	// Query 2 sees keys 1 and 2, query 3 keys 2 and 3.
	expect([...mask].map((value) => value === 0)).toEqual([true, true, false, false, true, true]);
});

it('the widest sliding window is unlimited where one layer sees everything', () => {
	expect(widestSlidingWindow([4, 8])).toBe(8);
	expect(widestSlidingWindow([4, null])).toBeNull();
});

describe('rotary embedding', () => {
	/** Of a head of 4, in windows of so many tokens. */
	const frequencies = (scaling: RopeScaling, context = 16) => [
		...inverseFrequencies({ theta: 10000, scaling }, 4, context)
	];

	it('has frequencies θ^(−2i/d)', () => {
		expect(frequencies({ type: 'default' })).toEqual([1, 0.01]);
	});

	it('divides them all where scaling is linear', () => {
		const scaled = frequencies({ type: 'linear', factor: 4 });
		expect([...scaled]).toEqual([0.25, 0.0025]);
	});

	it('llama3 keeps short wavelengths and divides long ones', () => {
		// Wavelengths are 2π and 200π = 628; with 1024 positions, short is below 1024 / 4, long above 1024 / 2.
		const scaled = frequencies({
			type: 'llama3',
			factor: 8,
			lowFreqFactor: 2,
			highFreqFactor: 4,
			originalMaxPositions: 1024
		});
		expect([...scaled]).toEqual([1, 0.01 / 8]);
	});

	it('longrope divides by one set of numbers in windows as long as the model was trained on, else by another', () => {
		const scaling: RopeScaling = {
			type: 'longrope',
			shortDivisors: [1, 2],
			longDivisors: [4, 8],
			attentionFactor: 2,
			originalMaxPositions: 16
		};
		expect(frequencies(scaling, 16)).toEqual([1, 0.005]);
		expect(frequencies(scaling, 17)).toEqual([0.25, 0.00125]);
		const { cos } = rotaryTables({ rotaries: [{ theta: 10000, scaling }], rotaryDims: 4 }, 3);
		expect([cos[0], cos[1]]).toEqual([2, 2]);
	});

	it('yarn keeps pairs that turn often and divides those that turn seldom', () => {
		// Over 1024 positions the pairs turn 163 and 1.6 times.
		const scaled = frequencies({
			type: 'yarn',
			factor: 4,
			attentionFactor: 1,
			betaFast: 32,
			betaSlow: 2,
			originalMaxPositions: 1024,
			truncate: true
		});
		expect(scaled).toEqual([1, 0.0025]);
	});

	it('tabulates cosine and sine of position × frequency', () => {
		const { cos, sin } = rotaryTables(config, 3);
		expect(cos).toHaveLength(6);
		expect(cos[4]).toBeCloseTo(Math.cos(2), 6);
		expect(sin[5]).toBeCloseTo(Math.sin(0.02), 6);
	});
});

describe('layer graphs', () => {
	const layer = { config, context: 16, blocks: queryBlocks(16, null) };
	const operators = (model: Uint8Array): string[] =>
		fromBinary(ModelProtoSchema, model).graph?.node.map(({ opType }) => opType) ?? [];
	const inputs = (model: Uint8Array): string[] =>
		fromBinary(ModelProtoSchema, model).graph?.input.map(({ name }) => name) ?? [];

	it('attend computes softmax and rotary embedding; reuse has neither, nor q and k', () => {
		const [attend, reuse] = [
			attendGraph(layer, { slidingWindow: null, rotates: true }, true),
			reuseGraph(layer)
		];
		expect(operators(attend)).toContain('Softmax');
		expect(operators(attend).filter((operator) => operator === 'RotaryEmbedding')).toHaveLength(2);
		expect(operators(reuse)).not.toContain('Softmax');
		expect(operators(reuse)).not.toContain('RotaryEmbedding');
		expect(inputs(attend)).toEqual(expect.arrayContaining(['q', 'k', 'v']));
		expect(inputs(reuse)).not.toEqual(expect.arrayContaining(['q']));
		expect(inputs(reuse)).not.toEqual(expect.arrayContaining(['k']));
	});

	it('a layer whose attention is dropped keeps its MLP and that norm, and nothing else', () => {
		expect(inputs(dropGraph(layer)).toSorted()).toEqual(
			['down', 'gate', 'hidden', 'postNorm', 'up'].toSorted()
		);
	});

	it('the tap adds outputs and nothing else', () => {
		expect(operators(attendGraph(layer, { slidingWindow: null, rotates: true }, true))).toEqual(
			operators(attendGraph(layer, { slidingWindow: null, rotates: true }, false))
		);
	});
});
