import { expect, it } from 'vitest';
import { planKey } from './key.ts';

const span = { source: 0, followers: [1], headMap: 'identity' as const, score: null };
const plan = { sources: [0, 0, null], spans: [span], repair: null };

it('is equal for plans that compute the same, whatever their similarity', () => {
	expect(planKey({ ...plan, spans: [{ ...span, score: 0.9 }] })).toBe(planKey(plan));
	expect(planKey({ ...plan, spans: [] })).toBe(planKey(plan));
});
it('differs by sources, head maps and refitted weights', () => {
	const others = [
		{ ...plan, sources: [0, 0, 2] },
		{ ...plan, spans: [{ ...span, headMap: [[1, 0]] }] },
		{ ...plan, repair: { file: 'a.safetensors', sha256: 'ab', strength: 1 } }
	];
	expect(new Set([plan, ...others].map(planKey)).size).toBe(4);
});
