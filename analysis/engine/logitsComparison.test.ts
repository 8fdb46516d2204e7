import { afterAll, beforeAll, expect, it } from 'vitest';
import { LogitsComparison } from './logitsComparison.ts';

let comparison: LogitsComparison;
beforeAll(async () => {
	comparison = await LogitsComparison.open();
});
afterAll(() => comparison.release());

/** Logits [S, vocab] whose softmax is the given probabilities, shifted, which changes nothing. */
function logitsOf(rows: readonly (readonly number[])[], shift = 0) {
	const data = Float32Array.from(rows.flatMap((row) => row.map((p) => Math.log(p) + shift)));
	return { data, vocab: rows[0].length };
}

it('gives losses, divergence and agreement worked out by hand', async () => {
	const baseline = logitsOf(
		[
			[0.5, 0.25, 0.25],
			[0.2, 0.2, 0.6],
			[1, 1, 1]
		],
		30
	);
	const shared = logitsOf(
		[
			[0.25, 0.5, 0.25],
			[0.4, 0.1, 0.5],
			[1, 1, 1]
		],
		-20
	);
	// Of the last position nothing is predicted.
	const found = await comparison.compare([2, 0, 1], baseline, shared);
	expect(found.baseline).toHaveLength(2);
	expect(found.baseline[0]).toBeCloseTo(Math.log(2), 5);
	expect(found.baseline[1]).toBeCloseTo(Math.log(5), 5);
	expect(found.shared[0]).toBeCloseTo(Math.log(4), 5);
	expect(found.shared[1]).toBeCloseTo(Math.log(10), 5);
	// 0.5·ln 2 − 0.25·ln 2, and 0.2·ln ½ + 0.2·ln 2 + 0.6·ln 1.2.
	expect(found.kl[0]).toBeCloseTo(0.25 * Math.log(2), 5);
	expect(found.kl[1]).toBeCloseTo(0.6 * Math.log(1.2), 5);
	expect([...found.agree]).toEqual([0, 1]);
});

it('counts ids that the first model never gives as nothing in the divergence', async () => {
	const baseline = logitsOf([
		[0.5, 0.5, 0],
		[0.5, 0, 0.5],
		[1, 1, 1]
	]);
	const shared = logitsOf([
		[0.25, 0.75, 0],
		[0.5, 0.5, 0],
		[1, 1, 1]
	]);
	const { kl } = await comparison.compare([0, 1, 0], baseline, shared);
	expect(kl[0]).toBeCloseTo(0.5 * Math.log(2) + 0.5 * Math.log(2 / 3), 5);
	// What it does give and the second model never does is infinitely far.
	expect(kl[1]).toBe(Infinity);
});

it('does so as well where the second model gives every id', async () => {
	const baseline = logitsOf([
		[0.5, 0.5, 0],
		[1, 1, 1]
	]);
	const shared = logitsOf([
		[0.25, 0.5, 0.25],
		[1, 1, 1]
	]);
	const { kl } = await comparison.compare([0, 1], baseline, shared);
	expect(kl[0]).toBeCloseTo(0.5 * Math.log(2), 5);
});

it('takes the lowest of equally likely ids for the likeliest', async () => {
	const baseline = logitsOf([
		[0.4, 0.4, 0.2],
		[1, 1, 1]
	]);
	const shared = logitsOf([
		[0.4, 0.3, 0.3],
		[1, 1, 1]
	]);
	expect([...(await comparison.compare([0, 1], baseline, shared)).agree]).toEqual([1]);
});

it('says nothing of tokens in one part that it does not say of them in another', async () => {
	// 600 tokens of 4096 ids go through in parts of 256.
	const vocab = 4096;
	const ids = Array.from({ length: 600 }, (_, at) => (at * 37) % vocab);
	const data = Float32Array.from({ length: 600 * vocab }, (_, at) => {
		const token = Math.floor(at / vocab);
		return at % vocab === ids[token + 1] ? token / 100 : 0;
	});
	const logits = { data, vocab };
	const { baseline, kl, agree } = await comparison.compare(ids, logits, logits);
	for (const token of [0, 255, 256, 511, 512, 598]) {
		const loss = Math.log(vocab - 1 + Math.exp(token / 100)) - token / 100;
		expect(Math.abs(baseline[token] - loss)).toBeLessThan(1e-5);
	}
	expect(Math.max(...kl)).toBe(0);
	expect(Math.min(...agree)).toBe(1);
});
