import { describe, expect, it } from 'vitest';
import { planJson } from './exporters/json.ts';
import { makePlan, parsePlan, planMatches, type PlanParts } from './planFile.ts';
import { savings } from './savings.ts';

const model = {
	name: 'tiny',
	architecture: 'LlamaForCausalLM',
	layers: 4,
	heads: 2,
	kvHeads: 1,
	hash: 'a1b2c3d4e5f60718'
};
const facts = {
	...{ layers: 4, heads: 2, kvHeads: 1, headDim: 4, hidden: 8, intermediate: 16, vocab: 32 },
	...{
		reach: [null, null, null, null],
		qkvBias: false,
		outputBias: false,
		qkNorm: false,
		parameters: 4000
	}
};
const parts: PlanParts = {
	model,
	sources: [0, 1, 1, 3],
	spans: [{ source: 1, followers: [2], headMap: 'identity', score: 0.77 }],
	definition: {
		metric: 'cosine',
		view: 'all',
		headPolicy: 'each head with the same head',
		texts: [{ name: 'a.txt', sha256: 'ff', characters: 10 }],
		context: 8,
		windows: 2,
		tokens: 16,
		modelHash: model.hash,
		version: '0.1.0'
	},
	predicted: savings(facts, [0, 1, 1, 3], { context: 8, batch: 1, elementBytes: 2 })
};
const plan = makePlan(parts, new Date('2026-11-23T06:15:03.000Z'));
/** The plan as another program might have written it. */
const changed = (change: object): unknown => ({
	...(JSON.parse(planJson(plan)) as object),
	...change
});

describe('makePlan and parsePlan', () => {
	it('a plan that is written is read back the same', () => {
		expect(plan.createdAt).toBe('2026-11-23T06:15:03.000Z');
		expect(plan.measured).toBeNull();
		expect(parsePlan(JSON.parse(planJson(plan)), 'plan.json')).toEqual(plan);
	});
	it('a plan need not say how it came about', () => {
		const { format, version, kind, sources, spans, createdBy, createdAt } = plan;
		const rest = { format, version, kind, model, sources, spans, createdBy, createdAt };
		expect(parsePlan(rest, 'plan.json')).toEqual({ ...plan, definition: null, predicted: null });
	});
	it('a plan from before dropped layers were counted says nothing of them: 0', () => {
		const { predicted } = JSON.parse(planJson(plan)) as { predicted: Record<string, unknown> };
		const { leftOut, vCache, ...older } = predicted;
		expect([leftOut, vCache]).toEqual([0, { bytes: 0, bytesPerToken: 0 }]);
		expect(parsePlan(changed({ predicted: older }), 'plan.json')).toEqual(plan);
	});
	it('head maps have one head of the source for each head of each follower', () => {
		const mapped = [{ ...parts.spans[0], headMap: [[1, 1]] }];
		expect(parsePlan(changed({ spans: mapped }), 'plan.json').spans).toEqual(mapped);
	});

	it('a plan names the file of its refitted weights, which lies beside it', () => {
		const repair = { file: 'a.safetensors', sha256: 'ab'.repeat(32), strength: 0.01 };
		expect(parsePlan(changed({ repair }), 'plan.json').repair).toEqual(repair);
		expect(parsePlan(changed({ repair: undefined }), 'plan.json').repair).toBeNull();
	});
	it.each([
		'../a.safetensors',
		'/a.safetensors',
		'b\\a.safetensors',
		'C:a.safetensors',
		'..',
		'a.bin'
	])('refuses %j as the file of refitted weights', (file) => {
		const repair = { file, sha256: 'ab'.repeat(32), strength: 0.01 };
		expect(() => parsePlan(changed({ repair }), 'plan.json')).toThrow(
			`plan.json: repair.file: found "${file}"; expected the bare name of a .safetensors file beside the plan`
		);
	});
	it('refuses a hash that is none and a negative strength', () => {
		const repair = { file: 'a.safetensors', sha256: 'AB', strength: -1 };
		expect(() => parsePlan(changed({ repair }), 'plan.json')).toThrow(
			'repair.sha256: found "AB"; expected a SHA-256 in lower-case hex'
		);
		const negative = { ...repair, sha256: 'ab'.repeat(32) };
		expect(() => parsePlan(changed({ repair: negative }), 'plan.json')).toThrow(
			'repair.strength: found -1; expected >=0'
		);
	});

	const span = parts.spans[0];
	it.each<[string, unknown, string]>([
		['another file', { hello: 1 }, 'not a plan; expected format "spanwise/plan"'],
		['no object', 7, 'not a plan; expected format "spanwise/plan"'],
		['a newer version', changed({ version: 2 }), 'plan version 2; this is Spanwise'],
		['an older version', changed({ version: 0 }), 'version: found 0; expected 1'],
		['a wrong number of layers', changed({ sources: [0, 1, 1] }), 'sources: 3 layers; expected 4'],
		[
			'a source that is no whole number',
			changed({ sources: [0, 0.5, 2, 3] }),
			'sources.1: found 0.5; expected a whole number'
		],
		[
			'a source after its follower',
			changed({ sources: [0, 2, 2, 3] }),
			'layer 1: source 2 comes after its follower; allowed: 0 to 1'
		],
		[
			'a follower as source',
			changed({ sources: [0, 1, 1, 2] }),
			'layer 3: source 2 is itself a follower of 1; a source computes its own attention'
		],
		[
			'sources and spans that disagree',
			changed({ sources: [0, 1, 1, 1] }),
			'spans and sources disagree: spans say (1: 2); sources say (1: 2, 3)'
		],
		[
			'a source that is no number',
			changed({ sources: [0, 'one', 1, 3] }),
			'sources.1: found "one"; expected number'
		],
		[
			'a head map for a follower too many',
			changed({
				spans: [
					{
						...span,
						headMap: [
							[0, 1],
							[0, 1]
						]
					}
				]
			}),
			'span of 1: head maps for 2 followers; expected 1'
		],
		[
			'a head that the model does not have',
			changed({ spans: [{ ...span, headMap: [[0, 2]] }] }),
			'span of 1: head map [0, 2]; expected 2 heads from 0 to 1'
		],
		[
			'a metric we do not know',
			changed({ definition: { ...parts.definition, metric: 'dot' } }),
			'definition.metric: found "dot"; expected ("cosine"'
		]
	])('refuse %s', (_, json, message) => {
		expect(() => parsePlan(json, 'my/plan.json')).toThrow(`my/plan.json: ${message}`);
	});

	it('makePlan refuses what parsePlan would', () => {
		expect(() => makePlan({ ...parts, spans: [] })).toThrow('spans and sources disagree');
	});
});

describe('planMatches', () => {
	it('says nothing for the model the plan was made for', () => {
		expect(planMatches(plan, model)).toBeNull();
	});
	it('warns where the weights are others', () => {
		expect(planMatches(plan, { ...model, name: 'tuned', hash: '0123456789abcdef' })).toBe(
			'This plan was made for tiny (a1b2c3d4e5f6); this model, tuned (0123456789ab), has different weights or a different file format.'
		);
	});
	it('warns where the weights are the same and the tokenizer is another; not where one is not known', () => {
		const definition = { ...parts.definition, tokenizerHash: '11112222333344445555' };
		const made = parsePlan(changed({ definition }), 'plan.json');
		expect(planMatches(made, { ...model, tokenizerHash: '99990000aaaabbbbcccc' })).toBe(
			'This plan was made with another tokenizer.json (111122223333) than that of tiny now.'
		);
		expect(planMatches(made, { ...model, tokenizerHash: '11112222333344445555' })).toBeNull();
		expect(planMatches(made, model)).toBeNull();
		expect(planMatches(plan, { ...model, tokenizerHash: '99990000aaaabbbbcccc' })).toBeNull();
	});
	it('refuses a model of another depth', () => {
		expect(() => planMatches(plan, { ...model, name: 'deep', layers: 16 })).toThrow(
			'plan for tiny: 4 layers; deep has 16'
		);
	});
});
