import { describe, expect, it } from 'vitest';
import { planJson } from '$analysis/plan/exporters/json.ts';
import { madeUpRun } from '../../../tests/builders/run.ts';
import { importedPlan } from './importedPlan.ts';

const { model } = { ...madeUpRun('r').record };
const of = { ...model, layers: 5 };

describe('an imported file', () => {
	it("may be the authors' list of layers that are not shared: a follower takes the nearest before it", () => {
		const plan = importedPlan('[0, 1, 4]', 'list.json', of, null);
		expect(plan.sources).toEqual([0, 1, 1, 1, 4]);
		expect(plan.spans).toEqual([
			{ source: 1, followers: [2, 3], headMap: 'identity', score: null }
		]);
		expect(plan.model).toMatchObject({ name: of.name, layers: 5, hash: of.hash });
	});
	it('may be a plan, which is read back as it is', () => {
		const plan = importedPlan('{"followers": [2]}', 'list.json', of, null);
		expect(importedPlan(planJson(plan), 'plan.json', of, null)).toEqual(plan);
	});
	it.each([
		['{', 'f.json: not JSON; expected a plan or a Shared Attention list'],
		['{}', 'f.json: not a plan'],
		['[0, 9]', 'f.json: nonShared: layer 9; allowed: 0 to 4']
	])('%s is refused', (text, message) => {
		expect(() => importedPlan(text, 'f.json', of, null)).toThrow(message);
	});
});
