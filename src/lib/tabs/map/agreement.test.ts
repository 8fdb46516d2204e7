import { describe, expect, it } from 'vitest';
import type { Similarity } from '$analysis/similarity/types.ts';
import { agreementRows, layerPairs, outputRow } from './agreement.ts';
import type { DamageTables } from '$analysis/publish/damageTables.ts';

const layers = 4;
/** A pair costs a tenth of the layers between its two; its output falls with it; layer 3 cannot reuse layer 0. */
const tables: DamageTables = {
	layers,
	drops: [],
	spans: new Map(),
	recall: null,
	pairs: Array.from({ length: layers * layers }, (_, cell) => {
		const [source, follower] = [Math.floor(cell / layers), cell % layers];
		if (source >= follower) return null;
		const apart = follower - source;
		const loss = apart === 3 ? null : (10 * apart + follower) / 100;
		return { source, follower, loss, low: loss, high: loss, output: loss && 1 - loss };
	})
};
const matrix = Float64Array.from(
	{ length: layers * layers },
	(_, cell) => (10 - Math.abs(Math.floor(cell / layers) - (cell % layers))) / 10
);
const similarity: Similarity = {
	metric: 'cosine',
	view: 'all',
	layers,
	matrix,
	null: new Float64Array(layers * layers),
	low: null,
	high: null,
	interval: null
};

describe('layerPairs', () => {
	it('takes the entry of source and follower of every pair that was measured', () => {
		expect(layerPairs(matrix, tables)).toEqual([
			{ source: 0, follower: 1, x: 0.9, y: 0.11 },
			{ source: 0, follower: 2, x: 0.8, y: 0.22 },
			{ source: 1, follower: 2, x: 0.9, y: 0.12 },
			{ source: 1, follower: 3, x: 0.8, y: 0.23 },
			{ source: 2, follower: 3, x: 0.9, y: 0.13 }
		]);
	});
});

describe('agreementRows', () => {
	it('has a row for the similarity, and one for its excess where it has a null', () => {
		const rows = agreementRows(similarity, tables);
		expect(rows.map(({ measure }) => measure)).toEqual(['similarity', 'excess']);
		// Tied ranks 4 4 4 1.5 1.5 against 1 4 2 5 3.
		expect(rows[0]?.all.rho).toBeCloseTo(-7.5 / Math.sqrt(7.5 * 10), 12);
		expect(agreementRows({ ...similarity, null: null }, tables)).toHaveLength(1);
	});
	it('ranks output as any measure', () => {
		expect(outputRow(tables).all).toMatchObject({ rho: -1, count: 5 });
	});
});
