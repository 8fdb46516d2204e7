import { afterEach, describe, expect, it, vi } from 'vitest';
import { makePlan } from '$analysis/plan/planFile.ts';
import { WholePlans } from './wholePlans.svelte.ts';

const plan = (name: string) =>
	makePlan(
		{
			model: {
				name,
				architecture: 'LlamaForCausalLM',
				layers: 3,
				heads: 2,
				kvHeads: 1,
				hash: 'ab'
			},
			sources: [0, 0, null],
			spans: [{ source: 0, followers: [1], headMap: [[1, 0]], score: null }],
			definition: null,
			predicted: null
		},
		new Date('2026-11-23T06:15:03.000Z')
	);

function storage(): Map<string, string> {
	const items = new Map<string, string>();
	vi.stubGlobal('localStorage', {
		getItem: (key: string) => items.get(key) ?? null,
		setItem: (key: string, value: string) => items.set(key, value)
	});
	return items;
}

afterEach(() => vi.unstubAllGlobals());

describe('plans that came whole', () => {
	it('outlive the page, head maps and dropped layers with them', () => {
		storage();
		const id = new WholePlans().put(plan('a'));
		const next = new WholePlans();
		expect(next.get(id)).toBeNull();
		next.attach();
		expect(next.get(id)).toEqual(plan('a'));
		expect(next.put(plan('a'))).toBe(id);
		expect(next.put(plan('b'))).not.toBe(id);
	});
	it('that the storage has wrongly are passed over', () => {
		const items = storage();
		const id = new WholePlans().put(plan('a'));
		const [[key, text]] = [...items];
		items.set(key, text.replace('[[1,0]]', '[[1,7]]'));
		const next = new WholePlans();
		next.attach();
		expect(next.get(id)).toBeNull();
		items.set(key, '{"not":"a list"}');
		expect(() => new WholePlans().attach()).not.toThrow();
	});
	it('are there as long as the page where there is no storage', () => {
		const plans = new WholePlans();
		expect(plans.get(plans.put(plan('a')))?.model.name).toBe('a');
	});
});
