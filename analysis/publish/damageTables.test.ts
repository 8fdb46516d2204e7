import { describe, expect, it } from 'vitest';
import { damageTables, measuredParts, spanLoss } from './damageTables.ts';

const added = (loss: number | null) => ({ loss, low: loss, high: loss });
const tables = damageTables({
	drops: [4, 0.1, 0.02, 0.03].map((loss, layer) => ({ layer, ...added(loss) })),
	pairs: [
		{ source: 0, follower: 1, output: 0.4, ...added(0.5) },
		{ source: 1, follower: 2, output: 0.6, ...added(0.25) }
	],
	spans: [
		{ source: 0, last: 1, ...added(0.5) },
		{ source: 1, last: 2, ...added(0.25) },
		{ source: 1, last: 3, ...added(0.375) },
		{ source: 2, last: 3, ...added(null) }
	]
});

describe('damageTables', () => {
	it('has pairs in the row of their source and the column of their follower', () => {
		expect(tables.pairs[0 * 4 + 1]?.loss).toBe(0.5);
		expect(tables.pairs[1 * 4 + 2]?.output).toBe(0.6);
		expect(tables.pairs[1 * 4 + 0]).toBeNull();
	});
	it('knows no loss of spans that were not measured, or could not be', () => {
		expect(spanLoss(tables, 1, 3)?.loss).toBe(0.375);
		expect(spanLoss(tables, 0, 3)).toBeNull();
		expect(spanLoss(tables, 2, 3)).toBeNull();
		expect(spanLoss(null, 1, 3)).toBeNull();
	});
});

describe('measuredParts', () => {
	it('adds up spans and dropped layers, and what it costs to drop the followers instead', () => {
		expect(measuredParts(tables, [0, 1, 1, null])).toEqual({
			sum: 0.25 + 0.03,
			missing: [],
			dropped: 0.03 + 0.02
		});
	});
	it('has no sum where a span was not measured, and names it', () => {
		const parts = measuredParts(tables, [0, 0, 2, 2]);
		expect(parts).toMatchObject({ sum: null, missing: ['2–3'] });
		expect(parts.dropped).toBeCloseTo(0.13, 12);
	});
	it('is nothing for a plan that changes nothing', () => {
		expect(measuredParts(tables, [0, 1, 2, 3])).toEqual({ sum: 0, missing: [], dropped: 0 });
	});
});
