import { describe, expect, it } from 'vitest';
import { blockEntries } from '../graph/blocks.ts';
import { allocateWindow, squareAttention, type AttentionLayout } from './layout.ts';
import { sampledQueries } from './sampling.ts';
import { StatisticsPass, type StatisticsRequest } from './statistics.ts';

const LAYERS = 3;
const HEADS = 2;
const CONTEXT = 12;
const ROWS = LAYERS * HEADS;

const layout: AttentionLayout = {
	layers: LAYERS,
	heads: HEADS,
	context: CONTEXT,
	blocks: [
		{ queryStart: 0, queryCount: 5, keyStart: 0, keyCount: 5 },
		{ queryStart: 5, queryCount: 5, keyStart: 0, keyCount: 10 },
		{ queryStart: 10, queryCount: 2, keyStart: 0, keyCount: 12 }
	]
};

/** Seeded numbers in (0, 1): a linear congruential generator is random enough for test data. */
function generator(seed: number): () => number {
	let state = seed;
	return () => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return (state + 1) / 2 ** 32;
	};
}

/** Random causal probabilities of one window. */
function randomWindow(seed: number) {
	const random = generator(seed);
	const attention = allocateWindow(layout);
	for (const [index, block] of layout.blocks.entries()) {
		for (let row = 0; row < ROWS; row++) {
			for (let query = 0; query < block.queryCount; query++) {
				const visible = block.queryStart + query + 1;
				const weights = Array.from({ length: visible }, () => random() ** 4);
				const sum = weights.reduce((total, weight) => total + weight, 0);
				const start = row * blockEntries(block) + query * block.keyCount;
				weights.forEach((weight, key) => {
					attention.blocks[index][start + key] = weight / sum;
				});
			}
		}
	}
	return attention;
}

/** Probabilities as plain numbers, [row = layer·H + head][query][key]; view no-sink as design section 4 has it. */
function plain(attention: ReturnType<typeof randomWindow>, view: 'all' | 'no-sink'): number[][][] {
	return Array.from({ length: ROWS }, (_, row) => {
		const square = squareAttention(layout, attention, Math.floor(row / HEADS));
		const at = (query: number, key: number): number =>
			square[((row % HEADS) * CONTEXT + query) * CONTEXT + key];
		const queries = Array.from({ length: CONTEXT }, (_, query) => query);
		if (view === 'all') return queries.map((query) => queries.map((key) => at(query, key)));
		return queries.slice(2).map((query) => {
			const rest = queries.slice(1).map((key) => at(query, key));
			const sum = rest.reduce((total, value) => total + value, 0);
			return rest.map((value) => (sum === 0 ? 0 : value / sum));
		});
	});
}

function dot(a: number[][], b: number[][]): number {
	return a.flat().reduce((sum, value, index) => sum + value * (b.flat()[index] ?? NaN), 0);
}

async function sums(seeds: number[], request: Partial<StatisticsRequest>) {
	const pass = await StatisticsPass.open(layout, {
		views: ['all', 'no-sink'],
		gram: true,
		sqrt: true,
		jsQueries: 'all',
		windowCount: seeds.length,
		...request
	});
	for (const seed of seeds) await pass.add(randomWindow(seed));
	const finished = await pass.finish();
	await pass.release();
	return finished;
}

function expectSquare(actual: Float64Array | null, entry: (a: number, b: number) => number): void {
	const expected = Array.from({ length: ROWS * ROWS }, (_, index) =>
		entry(Math.floor(index / ROWS), index % ROWS)
	);
	expect(actual).toHaveLength(expected.length);
	expected.forEach((value, index) => expect(actual?.[index]).toBeCloseTo(value, 4));
}

describe.each(['all', 'no-sink'] as const)('view %s', (view) => {
	const windows = [3, 4, 5].map((seed) => plain(randomWindow(seed), view));

	it('sums P·P and √P·√P over windows, queries and keys', async () => {
		const { sums: both } = await sums([3, 4, 5], {});
		const found = both.find((each) => each.view === view);
		const roots = windows.map((window) =>
			window.map((row) => row.map((values) => values.map(Math.sqrt)))
		);
		expectSquare(found?.gram ?? null, (a, b) =>
			windows.reduce((sum, window) => sum + dot(window[a], window[b]), 0)
		);
		expectSquare(found?.sqrt ?? null, (a, b) =>
			roots.reduce((sum, window) => sum + dot(window[a], window[b]), 0)
		);
	});

	it('has the Gram matrix of the sum over windows for the null, and none of a single window', async () => {
		const { sums: both } = await sums([3, 4, 5], {});
		expectSquare(both.find((each) => each.view === view)?.null ?? null, (a, b) =>
			windows.reduce(
				(sum, one) => sum + windows.reduce((part, other) => part + dot(one[a], other[b]), 0),
				0
			)
		);
		const { sums: single } = await sums([3], {});
		expect(single.map((each) => each.null)).toEqual([null, null]);
	});

	it('keeps, per window, the sums over equal heads and over all pairs of heads', async () => {
		const { sums: both } = await sums([3, 4, 5], {});
		const kept = both.find((each) => each.view === view)?.windows;
		const cells = LAYERS * LAYERS;
		for (const [window, values] of windows.entries()) {
			for (let cell = 0; cell < cells; cell++) {
				const [layer, other] = [Math.floor(cell / LAYERS), cell % LAYERS];
				let equal = 0;
				let every = 0;
				for (let head = 0; head < HEADS; head++) {
					for (let otherHead = 0; otherHead < HEADS; otherHead++) {
						const value = dot(values[layer * HEADS + head], values[other * HEADS + otherHead]);
						every += value;
						if (head === otherHead) equal += value;
					}
				}
				expect(kept?.[window * 2 * cells + cell]).toBeCloseTo(equal, 4);
				expect(kept?.[window * 2 * cells + cells + cell]).toBeCloseTo(every, 4);
			}
		}
	});

	it('sums Jensen–Shannon divergences over heads and queries, and counts them', async () => {
		const { sums: both } = await sums([3], {});
		const js = both.find((each) => each.view === view)?.js;
		const [window] = windows;
		const xlogx = (x: number): number => (x === 0 ? 0 : x * Math.log(x));
		for (let layer = 0; layer < LAYERS; layer++) {
			for (let other = 0; other < LAYERS; other++) {
				let expected = 0;
				for (let head = 0; head < HEADS; head++) {
					const p = window[layer * HEADS + head].flat();
					const q = window[other * HEADS + head].flat();
					p.forEach((value, index) => {
						const middle = (value + q[index]) / 2;
						expected += (xlogx(value) + xlogx(q[index])) / 2 - xlogx(middle);
					});
				}
				const cell = layer * LAYERS + other;
				expect(js?.[cell]).toBeCloseTo(expected, 4);
				expect(js?.[LAYERS * LAYERS + cell]).toBe(HEADS * (view === 'all' ? CONTEXT : CONTEXT - 2));
			}
		}
	});
});

it('Gram sums of two halves add up to those of the whole', async () => {
	const [whole] = (await sums([1, 2, 3, 4], { views: ['all'] })).sums;
	const [first] = (await sums([1, 2], { views: ['all'] })).sums;
	const [second] = (await sums([3, 4], { views: ['all'] })).sums;
	whole.gram?.forEach((value, index) => {
		expect((first.gram?.[index] ?? NaN) + (second.gram?.[index] ?? NaN)).toBeCloseTo(value, 5);
	});
});

it('the profile is the mean entropy in nats and the mean mass on key 0', async () => {
	const { profile } = await sums([7], { views: ['all'], jsQueries: null });
	const window = plain(randomWindow(7), 'all');
	for (let layer = 0; layer < LAYERS; layer++) {
		const rows = window.slice(layer * HEADS, (layer + 1) * HEADS).flat();
		const entropies = rows.map((row) =>
			row.reduce((sum, p) => (p === 0 ? sum : sum - p * Math.log(p)), 0)
		);
		const mean = (values: number[]): number =>
			values.reduce((sum, value) => sum + value, 0) / values.length;
		expect(profile.entropyNats[layer]).toBeCloseTo(mean(entropies), 4);
		expect(profile.firstTokenMass[layer]).toBeCloseTo(mean(rows.map((row) => row[0])), 4);
	}
	expect(profile.queriesPerWindow).toBe(CONTEXT);
});

it('works out only what was asked for', async () => {
	const { sums: found } = await sums([1, 2], { views: ['no-sink'], gram: false, jsQueries: null });
	expect(found.map(({ view }) => view)).toEqual(['no-sink']);
	expect(found[0]).toMatchObject({ gram: null, null: null, windows: null, js: null });
	expect(found[0].sqrt).not.toBeNull();
});

it('samples queries evenly: the middles of equal stretches, or all of a short window', () => {
	expect(sampledQueries(12, 3)).toEqual([2, 6, 10]);
	expect(sampledQueries(3, 32)).toEqual([0, 1, 2]);
	expect(sampledQueries(4, 'all')).toEqual([0, 1, 2, 3]);
});
