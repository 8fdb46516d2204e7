import { expect, it } from 'vitest';
import { requireOwnAttention, sharedNotes } from './shared.ts';

const sharing = (sources: (number | null)[]) => ({ sources, headMaps: sources.map(() => null) });

it.each([
	[[0, 1, 1, 3], 'layer 2 has no attention of its own'],
	[[0, 0, 2, null], 'layers 1, 3 have no attention of their own']
])('%j is said in words: %s', (sources, words) => {
	const shared = sharing(sources);
	expect(sharedNotes(shared)).toEqual([
		`${words}, by config.json: make plans from a run of the model that it was made from`
	]);
	expect(() => requireOwnAttention({ name: 'm', config: { shared } }, 'search')).toThrow(
		`m: ${words}, by its config.json; search needs the model that it was made from`
	);
});

it('a model whose layers all compute their own is not spoken of', () => {
	expect(sharedNotes(null)).toEqual([]);
	expect(() =>
		requireOwnAttention({ name: 'm', config: { shared: null } }, 'search')
	).not.toThrow();
});
