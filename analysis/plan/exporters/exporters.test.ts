import { describe, expect, it } from 'vitest';
import { makePlan } from '../planFile.ts';
import { sourcesOf } from '../spans.ts';
import type { Plan, Sources, Span } from '../types.ts';
import { spansCsv } from './spans.ts';
import { exportPlan, fidelityOf } from './exporters.ts';
import { fromShareAtt, parseShareAtt, toShareAtt } from './shareatt.ts';

function planOf(sources: Sources, spans: Span[]): Plan {
	const model = {
		name: 'tiny, the first',
		architecture: 'LlamaForCausalLM',
		layers: sources.length,
		heads: 2,
		kvHeads: 2,
		hash: 'abc'
	};
	return makePlan({ model, sources, spans, definition: null, predicted: null });
}
const span = (source: number, followers: number[]): Span => ({
	source,
	followers,
	headMap: 'identity',
	score: 0.5
});
const plain = planOf([0, 1, 1, 1, 4], [span(1, [2, 3])]);
const mapped = planOf([0, 1, 1], [{ ...span(1, [2]), headMap: [[1, 0]] }]);
const dropped = planOf([0, null, 2, 2], [span(2, [3])]);

describe('shareatt', () => {
	it("the authors' span 23–26 of 32 layers has source 22", () => {
		const sources = sourcesOf([span(22, [23, 24, 25, 26])], 32);
		const list = toShareAtt(planOf(sources, [span(22, [23, 24, 25, 26])]));
		expect(list.followers).toEqual([23, 24, 25, 26]);
		expect(list.nonShared).toEqual([
			...Array.from({ length: 23 }, (_, l) => l),
			...[27, 28, 29, 30, 31]
		]);
		expect(fromShareAtt({ followers: [23, 24, 25, 26] }, 32)).toEqual(sources);
		expect(fromShareAtt({ nonShared: list.nonShared }, 32)).toEqual(sources);
	});
	it('neighbouring spans are kept apart by the source between them', () => {
		const plan = planOf([0, 0, 2, 2, 2], [span(0, [1]), span(2, [3, 4])]);
		expect(toShareAtt(plan)).toEqual({ followers: [1, 3, 4], nonShared: [0, 2] });
		expect(fromShareAtt(toShareAtt(plan), 5)).toEqual(plan.sources);
	});
	it('refuses what their code cannot express', () => {
		expect(() => toShareAtt(dropped)).toThrow(
			"shareatt: layer 1 is dropped; the authors' code computes or shares every layer"
		);
		expect(() => toShareAtt(mapped)).toThrow(
			"shareatt: the span of 1 rearranges heads; the authors' code keeps every head in its place"
		);
		expect(() => toShareAtt({ sources: [0, 1, 0], spans: [] })).toThrow('contiguous');
	});
	it.each<[string, unknown]>([
		['the bare list of their code', [0, 1, 2, 5]],
		['the layers that are not shared', { nonShared: [0, 1, 2, 5] }],
		['the followers', { followers: [3, 4] }],
		['both lists', { followers: [3, 4], nonShared: [0, 1, 2, 5] }]
	])('reads %s', (_, json) => {
		expect(parseShareAtt(json, 'list.json', 6)).toEqual([0, 1, 2, 2, 2, 5]);
	});
	it.each<[unknown, string]>([
		[
			{ followers: [3], nonShared: [0, 1, 2, 5] },
			'list.json: followers and nonShared disagree on layer 4'
		],
		[{}, 'list.json: neither followers nor nonShared'],
		[['a'], 'list.json: nonShared.0: found'],
		[{ followers: 7 }, 'list.json: followers: found 7; expected an array'],
		[[0, 1, 9], 'list.json: nonShared: layer 9; allowed: 0 to 5'],
		[Array(20_000).fill(0), 'list.json: nonShared: more than 10000 entries']
	])('refuses %j', (json, message) => {
		expect(() => parseShareAtt(json, 'list.json', 6)).toThrow(message);
	});
	it('import refuses layers outside the model, twice, and layer 0 as follower', () => {
		expect(() => fromShareAtt({ followers: [4] }, 4)).toThrow(
			'followers: layer 4; allowed: 0 to 3'
		);
		expect(() => fromShareAtt({ nonShared: [0, 0] }, 4)).toThrow(
			'nonShared: layer 0 twice; allowed: once'
		);
		expect(() => fromShareAtt({ nonShared: [1, 2] }, 4)).toThrow(
			'nonShared: layer 0 would follow; it has no layer before it'
		);
		expect(() => fromShareAtt({ followers: [0] }, 4)).toThrow('followers: layer 0 would follow');
	});
});

describe('exportPlan', () => {
	it('shareatt prints followers and nonShared', () => {
		expect(exportPlan(plain, 'shareatt')).toBe('{"followers":[2,3],"nonShared":[0,1,4]}\n');
	});
	it('csv has one span a row, with names quoted where they hold a comma', () => {
		const [header, row, rest] = spansCsv(plain).split('\n');
		expect(header.startsWith('source,followers,length,head_map,score,metric,view')).toBe(true);
		expect(row).toBe(`1,2 3,3,identity,0.5,,,,,,"tiny, the first",abc,${plain.createdBy.version}`);
		expect(rest).toBe('');
		expect(exportPlan(mapped, 'csv')).toContain('1,2,2,"[[1,0]]",0.5');
	});
	it('json is the plan', () => {
		expect(JSON.parse(exportPlan(plain, 'json'))).toEqual(plain);
	});
	it('says what each form keeps', () => {
		expect(fidelityOf(plain, 'shareatt')).toEqual({ label: 'exact', reason: null });
		expect(fidelityOf(mapped, 'shareatt').label).toBe('refused');
		expect(fidelityOf(mapped, 'csv').label).toBe('exact');
		expect(fidelityOf(dropped, 'csv')).toEqual({
			label: 'approximate',
			reason: 'dropped layers are in no span'
		});
		expect(fidelityOf(dropped, 'json').label).toBe('exact');
	});
});
