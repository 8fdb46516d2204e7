import { describe, expect, it } from 'vitest';
import { rankAgreement, type LayerPair } from './rankAgreement.ts';
import { seeded } from '../statistics/resample.ts';

/** Every source before every follower of `layers` layers. */
function pairsOf(
	layers: number,
	values: (source: number, follower: number) => [number, number]
): LayerPair[] {
	const pairs: LayerPair[] = [];
	for (let follower = 1; follower < layers; follower++)
		for (let source = 0; source < follower; source++) {
			const [x, y] = values(source, follower);
			pairs.push({ source, follower, x, y });
		}
	return pairs;
}

describe('rankAgreement', () => {
	it('tells what holds within followers from what holds across them', () => {
		// Within a follower y falls as x rises; followers with more x have more y.
		const pairs = pairsOf(7, (source, follower) => [
			100 * follower + source,
			100 * follower - source
		]);
		const { all, within, across } = rankAgreement(pairs);
		expect(within).toEqual({ rho: -1, low: -1, high: -1, count: 18 }); // followers 3 to 6
		expect(across).toEqual({ rho: 1, low: 1, high: 1, count: 6 });
		expect(all.count).toBe(21);
		expect(all.rho).toBeGreaterThan(0.8);
	});

	it('weights the rho of each follower by its sources − 1', () => {
		const x = [1, 2, 3, 1, 2, 3, 4];
		const y = [1, 2, 3, 2, 1, 4, 3]; // rho 1 of three, 0.6 of four
		const pairs = x.map((value, index) => ({
			source: index < 3 ? index : index - 3,
			follower: index < 3 ? 8 : 9,
			x: value,
			y: y[index]
		}));
		const { within } = rankAgreement(pairs);
		expect(within.rho).toBeCloseTo((2 * 1 + 3 * 0.6) / 5, 12);
		expect(within.count).toBe(7);
	});

	it('leaves out all pairs that touch a layer, one layer after the other', () => {
		// Layers 0 and 1 as sources of 2 to 5: without layer 2, 3, 4 or 5 rho is that of the six pairs left.
		const y = [
			[1, 2, 3, 4],
			[5, 6, 8, 7]
		];
		const pairs = [0, 1].flatMap((source) =>
			[2, 3, 4, 5].map((follower) => ({
				source,
				follower,
				x: 4 * source + follower,
				y: y[source][follower - 2]
			}))
		);
		const { all } = rankAgreement(pairs);
		const rho = 1 - (6 * 2) / (8 * 63);
		expect(all.rho).toBeCloseTo(rho, 12);
		// Without layer 0: y 5 6 8 7, rho 0.8; without 1: 1; without 2 or 3: two of six swapped; without 4 or 5: 1.
		const swapped = 1 - (6 * 2) / (6 * 35);
		const left = [0.8, 1, swapped, swapped, 1, 1];
		const mean = left.reduce((sum, value) => sum + value, 0) / 6;
		const variance = (5 / 6) * left.reduce((sum, value) => sum + (value - mean) ** 2, 0);
		expect(all.low).toBeCloseTo(rho - 1.96 * Math.sqrt(variance), 12);
		expect(all.high).toBe(1);
	});

	it('has no interval where a layer cannot be spared, and no rho with fewer than three pairs', () => {
		const three = rankAgreement(pairsOf(3, (source, follower) => [source + follower, source]));
		expect(three.all.rho).not.toBeNull();
		expect([three.all.low, three.all.high]).toEqual([null, null]);
		expect(three.within.rho).toBeNull();
		expect(three.across).toEqual({ rho: null, low: null, high: null, count: 2 });
		expect(rankAgreement([]).all).toEqual({ rho: null, low: null, high: null, count: 0 });
	});

	it('passes over followers whose pairs do not vary', () => {
		const pairs = pairsOf(6, (source, follower) => [source, follower === 5 ? 1 : source]);
		expect(rankAgreement(pairs).within).toMatchObject({ rho: 1, count: 7 }); // followers 3 and 4
	});

	it('holds the mean rho in 95 of 100 intervals where layers, not pairs, vary', () => {
		const [layers, draws] = [16, 200];
		const random = seeded(5);
		const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
		const results = Array.from({ length: draws }, () => {
			const x = Array.from({ length: layers }, normal);
			const y = x.map((value) => 0.6 * value + 0.8 * normal());
			return rankAgreement(
				pairsOf(layers, (source, follower) => [
					x[source] + x[follower] + normal(),
					y[source] + y[follower] + normal()
				])
			).all;
		});
		const mean = results.reduce((sum, { rho }) => sum + (rho ?? NaN), 0) / draws;
		const held = results.filter(({ low, high }) => (low ?? 2) <= mean && mean <= (high ?? -2));
		expect(held.length / draws).toBeGreaterThan(0.9);
		expect(held.length / draws).toBeLessThan(0.99);
	});
});
