import { describe, expect, it } from 'vitest';
import { planKey } from '$analysis/plan/key.ts';
import type { Plan } from '$analysis/plan/types.ts';
import type { ResultSummary } from '$analysis/measure/results/types.ts';
import type { RunRecord } from '$analysis/workspace/run/types.ts';
import { defaultUrl } from './defaultUrl.ts';
import { RunState } from './run.svelte.ts';

const layers = 8;
const run = {
	id: 'run-1',
	metrics: ['cosine', 'js'],
	views: ['all'],
	model: {
		name: 'tiny',
		folder: '/models/tiny',
		dtype: 'bfloat16',
		hash: 'abc',
		layers,
		heads: 2,
		kvHeads: 1,
		headDim: 4,
		hidden: 8,
		intermediate: 16,
		vocab: 32,
		maxPositions: 2048,
		reach: Array<null>(layers).fill(null),
		qkvBias: false,
		outputBias: false,
		qkNorm: false,
		parameters: 4096
	}
} as unknown as RunRecord;

/** Layers are the more alike the nearer they are: 1 − 0.1 · distance. */
const matrix = Float64Array.from(
	{ length: layers * layers },
	(_, index) => 1 - 0.1 * Math.abs(Math.floor(index / layers) - (index % layers))
);

function opened(): RunState {
	const state = new RunState(run, defaultUrl(run));
	state.similarity = {
		metric: 'cosine',
		view: 'all',
		layers,
		matrix,
		null: null,
		low: null,
		high: null,
		interval: null
	};
	return state;
}

describe('RunState', () => {
	it('opens with a quarter of the layers following, the first and last protected', () => {
		const state = opened();
		expect(state.url.plan).toEqual({ by: 'followers', followers: 2 });
		expect(state.url.protectedLayers).toEqual([0, 7]);
		expect(state.savings.followers).toBe(2);
		expect(state.url.context).toBe(2048);
	});

	it('predicts savings in bf16, and those of a float32 ONNX model in f32', () => {
		const dtypeOf = (folder: string, dtype: string) =>
			defaultUrl({ ...run, model: { ...run.model, folder, dtype } }).dtype;
		expect(dtypeOf('/models/tiny', 'float32')).toBe('bf16');
		expect(dtypeOf('/models/tiny/model.onnx', 'float32')).toBe('f32');
		expect(dtypeOf('/models/tiny/model.onnx', 'float16')).toBe('bf16');
	});

	it('plans nothing until the similarity has come', () => {
		const state = new RunState(run, defaultUrl(run));
		expect(state.spans).toEqual([]);
		expect(state.savings.kCache.bytes).toBe(0);
	});

	it('follows the threshold', () => {
		const state = opened();
		state.setPlan({ by: 'threshold', threshold: 0.95 });
		expect(state.savings.followers).toBe(0);
		state.setPlan({ by: 'threshold', threshold: 0.9 });
		// Layers 1 to 6 in pairs: every second one has a neighbour at 0.9.
		expect(state.ranges).toEqual([
			{ first: 1, last: 2 },
			{ first: 3, last: 4 },
			{ first: 5, last: 6 }
		]);
	});

	it('draws, grows, shrinks and removes spans by hand', () => {
		const state = opened();
		state.setPlan({ by: 'hand', spans: [], dropped: [] });
		state.edits.put({ first: 2, last: 3 }, null);
		expect(state.chosen).toBe(2);
		state.edits.resize(2, 1);
		expect(state.ranges).toEqual([{ first: 2, last: 4 }]);
		expect(state.spans[0]?.score).toBeCloseTo(0.85, 12); // (0.9 + 0.8) / 2
		state.edits.resize(2, -1);
		state.edits.resize(2, -1);
		expect(state.ranges).toEqual([{ first: 2, last: 3 }]);
		state.edits.remove(2);
		expect(state.ranges).toEqual([]);
		expect(state.chosen).toBeNull();
	});

	it('leaves the plan as it is, and says why, where a span would take a protected layer', () => {
		const state = opened();
		state.setPlan({ by: 'hand', spans: [{ first: 2, last: 3 }], dropped: [] });
		state.edits.put({ first: 5, last: 7 }, null);
		expect(state.ranges).toEqual([{ first: 2, last: 3 }]);
		expect(state.notice?.text).toContain('layer 7 is protected');
		expect(state.notice?.kind).toBe('refused');
	});

	it('holds the longest span for spans drawn by hand, and says what a drawn span replaced', () => {
		const state = opened();
		state.setPlan({ by: 'hand', spans: [{ first: 2, last: 3 }], dropped: [5] });
		state.edits.put({ first: 1, last: 6 }, null);
		expect(state.ranges).toEqual([{ first: 2, last: 3 }]);
		expect(state.notice?.text).toContain('6 layers, and the longest span is 4');
		state.edits.put({ first: 3, last: 5 }, null);
		expect(state.ranges).toEqual([{ first: 3, last: 5 }]);
		expect(state.notice?.text).toBe(
			'Span 3–5 replaced span 2–3 and restored the attention of layer 5.'
		);
		state.edits.resize(3, 1);
		expect(state.notice).toBeNull();
	});

	it('finds the evaluations of the plan on the screen', () => {
		const state = opened();
		const evaluated = (id: string, sources: (number | null)[]) =>
			({
				id,
				kind: 'evaluate',
				evaluation: { plan: planKey({ sources, spans: [], repair: null }) }
			}) as unknown as ResultSummary;
		state.damage.source = {
			results: [
				evaluated('this', [0, 1, 2, 2, 4, 5, 6, 7]),
				evaluated('other', [0, 1, 1, 3, 4, 5, 6, 7])
			]
		};
		state.setPlan({ by: 'hand', spans: [{ first: 2, last: 3 }], dropped: [] });
		expect(state.evaluations.map(({ id }) => id)).toEqual(['this']);
		// Its heads are matched: another plan, whose head maps are asked for when it is sent.
		state.set({ metric: 'cosine-matched' });
		expect(state.evaluations).toEqual([]);
	});

	it('never asks for more followers than fit', () => {
		const state = opened();
		state.setPlan({ by: 'followers', followers: 7 });
		expect(state.most).toBe(4); // layers 1–4 and 5–6
		expect(state.savings.followers).toBe(4);
		expect(state.plan.problem).toBeNull();
	});

	it('says what is wrong with spans that overlap', () => {
		const state = opened();
		state.setPlan({
			by: 'hand',
			spans: [
				{ first: 1, last: 3 },
				{ first: 3, last: 4 }
			],
			dropped: []
		});
		expect(state.plan.problem).toBe('layer 3: in two spans; allowed: one');
		expect(state.savings.followers).toBe(0);
	});

	it('leaves layers out, and gives them back', () => {
		const state = opened();
		state.setPlan({ by: 'hand', spans: [{ first: 2, last: 3 }], dropped: [1, 5] });
		expect(state.plan).toEqual({ sources: [0, null, 2, 2, 4, null, 6, 7], problem: null });
		expect(state.dropped).toEqual([1, 5]);
		expect(state.savings).toMatchObject({ followers: 1, leftOut: 2 });
		state.edits.restoreLayer(1);
		expect(state.dropped).toEqual([5]);
		state.edits.put({ first: 4, last: 6 }, null);
		expect(state.ranges).toHaveLength(2);
		expect(state.dropped).toEqual([]);
	});

	it('can leave out every follower instead', () => {
		const state = opened();
		state.setPlan({ by: 'hand', spans: [{ first: 2, last: 4 }], dropped: [1] });
		state.edits.dropInstead();
		expect(state.plan.sources).toEqual([0, null, 2, null, null, 5, 6, 7]);
	});

	it('opens a plan with its head maps and dropped layers, which outlive a change where they still fit', () => {
		const state = opened();
		const headMap = [[1, 0]];
		state.openPlan(planOf({ headMap }));
		expect(state.plan.sources).toEqual([0, 1, 2, 2, null, 5, 6, 7]);
		expect(state.spans[0]?.headMap).toEqual(headMap);
		expect(state.notice).toBeNull();
		expect(state.url.plan).toEqual({
			by: 'hand',
			spans: [{ first: 2, last: 3 }],
			dropped: [4]
		});
		state.edits.put({ first: 5, last: 6 }, null);
		expect(state.imported).toBeNull();
		expect(state.spans.map((span) => span.headMap)).toEqual([headMap, 'identity']);
		expect(state.plan.sources).toEqual([0, 1, 2, 2, null, 5, 5, 7]);
		// Back at the sources it came with, it is the plan from the file again.
		state.edits.remove(5);
		expect(state.imported?.createdAt).toBe('2026-11-23T06:15:03.000Z');
		// A new follower's heads keep their places; the plan by a number of followers has none of the file's.
		state.edits.put({ first: 2, last: 4 }, 2);
		expect(state.spans[0]?.headMap).toEqual([
			[1, 0],
			[0, 1]
		]);
		state.setPlan({ by: 'followers', followers: 2 });
		expect(state.spans.every((span) => span.headMap === 'identity')).toBe(true);
	});

	it('counts each change of the plan as a step, and goes back to an address by its plan alone', () => {
		const state = opened();
		const before = state.url;
		state.set({ map: 'output' });
		expect(state.steps.at).toBe(0);
		state.edits.put({ first: 2, last: 3 }, null);
		state.edits.put({ first: 2, last: 3 }, 2);
		expect(state.steps.at).toBe(1);
		state.setLimits({ maxSpan: 3 });
		expect(state.steps.at).toBe(2);
		state.restore(before, 0, true);
		expect(state.url).toEqual({ ...before, map: 'output' });
		expect(state.steps).toMatchObject({ at: 0, last: 2 });
		expect(state.notice).toEqual({ text: 'Plan change undone.', kind: 'undone' });
		state.restore(before, 0, false);
		expect(state.url).toEqual(before);
	});

	it('says which plan another takes the place of, and comes back to the followers that were set', () => {
		const state = opened();
		state.setPlan({ by: 'followers', followers: 3 });
		expect(state.notice).toBeNull();
		state.setPlan({ by: 'hand', spans: [{ first: 2, last: 4 }], dropped: [6] });
		state.setPlan({ by: 'followers', followers: state.lastChosen('followers', 2) });
		expect(state.notice?.text).toBe('Replaced the plan drawn by hand: 3–4←2; dropped: 6.');
		expect(state.url.plan).toEqual({ by: 'followers', followers: 3 });
		state.openPlan(planOf({}));
		state.openPlan({ ...planOf({}), sources: [0, 1, 2, 3, 4, 5, 6, 7], spans: [] });
		expect(state.notice?.text).toBe('Replaced the plan made for tiny: 3←2; dropped: 4.');
	});

	it('says that refitted weights do not outlive a change', () => {
		const state = opened();
		state.openPlan({
			...planOf({}),
			repair: { file: 'plan.safetensors', sha256: 'ab'.repeat(32), strength: 0.1 }
		});
		state.edits.restoreLayer(4);
		expect(state.notice?.text).toContain('The refitted weights belong to the plan as it was');
	});

	it('moves a span, not over the edge of the model', () => {
		const state = opened();
		state.setPlan({ by: 'hand', spans: [{ first: 1, last: 2 }], dropped: [] });
		state.edits.move(1, 1);
		expect(state.ranges).toEqual([{ first: 2, last: 3 }]);
		expect(state.chosen).toBe(2);
		state.set({ protectedLayers: [] });
		state.setPlan({ by: 'hand', spans: [{ first: 0, last: 1 }], dropped: [] });
		state.edits.move(0, -1);
		expect(state.ranges).toEqual([{ first: 0, last: 1 }]);
		expect(state.notice?.text).toContain('at the edge');
	});

	it('says where a plan was made for other weights, and refuses one of another size', () => {
		const state = opened();
		state.openPlan(planOf({ hash: 'other' }));
		expect(state.warning).toContain('has different weights or a different file format');
		expect(() => state.openPlan(planOf({ layers: 9 }))).toThrow('9 layers; tiny has 8');
		// A second import that fails leaves the plan, and what is to be known of it.
		expect(state.warning).toContain('has different weights or a different file format');
		state.edits.put({ first: 0, last: 1 }, null);
		expect(state.notice?.text).toContain('layer 0 is protected');
		expect(state.warning).toContain('has different weights or a different file format');
		state.edits.put({ first: 5, last: 6 }, null);
		expect(state.warning).toBeNull();
	});

	it('gives every kind of map a colour range of its own', () => {
		const state = opened();
		state.set({ range: [0, 1] });
		state.setMap('similarity');
		expect(state.url.range).toEqual([0, 1]);
		state.setMap('damage');
		expect(state.url).toMatchObject({ map: 'damage', range: null });
	});
});

function planOf({
	headMap = 'identity',
	hash = 'abc',
	layers: count = layers
}: {
	headMap?: Plan['spans'][number]['headMap'];
	hash?: string;
	layers?: number;
}): Plan {
	return {
		format: 'spanwise/plan',
		version: 1,
		kind: 'attention-weights',
		model: {
			name: 'tiny',
			architecture: 'LlamaForCausalLM',
			layers: count,
			heads: 2,
			kvHeads: 1,
			hash
		},
		sources: [0, 1, 2, 2, null, 5, 6, 7],
		spans: [{ source: 2, followers: [3], headMap, score: null }],
		definition: null,
		predicted: null,
		measured: null,
		repair: null,
		createdBy: { name: 'spanwise', version: '0' },
		createdAt: '2026-11-23T06:15:03.000Z'
	};
}
