import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uniform, writeTinyCheckpoint } from '../../tests/builders/checkpoint.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { WeightReader } from '../model/checkpoint/read.ts';
import { PartsCompared } from './comparison.ts';
import { LanguageHead } from './head.ts';
import { WeightSource } from './weights.ts';

let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-comparison-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('parts of the vocabulary put together', () => {
	/** Figures of one position over the given logits, worked out plainly. */
	function part(baseline: number[], shared: number[]) {
		const best = (logits: number[]) => Math.max(...logits);
		const shifted = (logits: number[]) => logits.map((logit) => logit - best(logits));
		const sum = (logits: number[]) =>
			shifted(logits).reduce((total, logit) => total + Math.exp(logit), 0);
		const gap = shifted(baseline).reduce(
			(total, logit, at) => total + Math.exp(logit) * (logit - shifted(shared)[at]),
			0
		);
		return {
			baseline_highest: Float32Array.of(best(baseline)),
			baseline_sum: Float32Array.of(sum(baseline)),
			shared_highest: Float32Array.of(best(shared)),
			shared_sum: Float32Array.of(sum(shared)),
			gap: Float32Array.of(gap),
			baseline_best_row: Float32Array.of(baseline.indexOf(best(baseline))),
			shared_best_row: Float32Array.of(shared.indexOf(best(shared)))
		};
	}

	it('gives the divergence of the whole: (½, ¼, ¼) against (¼, ¼, ½) is ¼·ln 2', () => {
		const [a, b] = [
			[0.5, 0.25, 0.25],
			[0.25, 0.25, 0.5]
		].map((row) => row.map(Math.log));
		const parts = new PartsCompared(1);
		parts.add(0, part(a.slice(0, 1), b.slice(0, 1)));
		parts.add(1, part(a.slice(1), b.slice(1)));
		expect(parts.divergence()[0]).toBeCloseTo(Math.LN2 / 4, 6);
		expect(parts.logSums('baseline')[0]).toBeCloseTo(0, 6);
		expect([parts.best('baseline')[0], parts.best('shared')[0]]).toEqual([0, 2]);
	});

	it('takes the lowest id where several tokens are equally likely', () => {
		const parts = new PartsCompared(1);
		parts.add(0, part([1, 3], [0, 0]));
		parts.add(2, part([3, 2], [0, 0]));
		expect([parts.best('baseline')[0], parts.best('shared')[0]]).toEqual([1, 0]);
	});
});

/** The same in float64 from the definition: RMS norm, all logits, softmax, loss, Σ p·ln(p / q), argmax. */
async function plainly(
	weights: WeightSource,
	config: { hidden: number; vocab: number; normEps: number },
	pair: { baseline: Float32Array; shared: Float32Array; ids: number[] }
) {
	const { hidden, vocab, normEps } = config;
	const { weight } = await weights.finalNorm();
	const scale = weight.data as Float32Array;
	const rows = await weights.outputRows(Array.from({ length: vocab }, (_, id) => id));
	const logs = (state: Float32Array): { logs: Float64Array; best: number } => {
		const square = state.reduce((sum, value) => sum + value * value, 0) / hidden;
		const normed = state.map((value, at) => (value / Math.sqrt(square + normEps)) * scale[at]);
		const logits = new Float64Array(vocab);
		let best = 0;
		for (let id = 0; id < vocab; id++) {
			for (let at = 0; at < hidden; at++) logits[id] += normed[at] * rows[id * hidden + at];
			if (logits[id] > logits[best]) best = id;
		}
		const sum = logits.reduce((total, logit) => total + Math.exp(logit - logits[best]), 0);
		return { logs: logits.map((logit) => logit - logits[best] - Math.log(sum)), best };
	};
	return pair.ids.slice(1).map((id, position) => {
		const at = (states: Float32Array) =>
			logs(states.subarray(position * hidden, (position + 1) * hidden));
		const [p, q] = [at(pair.baseline), at(pair.shared)];
		return {
			baseline: -p.logs[id],
			shared: -q.logs[id],
			kl: p.logs.reduce((sum, log, token) => sum + Math.exp(log) * (log - q.logs[token]), 0),
			agree: Number(p.best === q.best)
		};
	});
}

/** A vocabulary of one part, and one of many parts, of which the last is smaller; read in parts, and in memory. */
describe.each([
	[400, false],
	[5_000, false],
	[5_000, true]
])('a vocabulary of %i, in memory: %s', (vocab, resident) => {
	it('gives loss, divergence and agreement of each token as a plain computation does', async () => {
		const at = join(folder, `model-${vocab}-${resident}`);
		await writeTinyCheckpoint(at, {
			dtype: 'BF16',
			config: { vocab_size: vocab, tie_word_embeddings: true }
		});
		const { config, ...checkpoint } = await openCheckpoint(at);
		const reader = new WeightReader();
		const weights = new WeightSource({ config, ...checkpoint }, reader, {
			resident,
			hasher: null
		});
		const random = uniform(7);
		const states = (): Float32Array => Float32Array.from({ length: 6 * config.hidden }, random);
		const baseline = states();
		// Alike enough to agree at times, and the same at one position.
		const shared = states().map((value, index) =>
			index < config.hidden ? baseline[index] : baseline[index] + 0.3 * value
		);
		const pair = { baseline, shared, ids: [0, 5, 390, 17, vocab - 1, 3] };
		const head = await LanguageHead.open(config, 6, weights);
		const [found, same] = await head.compare([pair, { ...pair, shared: baseline }]);
		const [losses] = await head.losses([{ hidden: baseline, ids: pair.ids }]);
		const expected = await plainly(weights, config, pair);
		await head.release();
		await weights.release();
		await reader.close();

		for (const [position, token] of expected.entries()) {
			expect(found.baseline[position]).toBeCloseTo(token.baseline, 4);
			expect(found.shared[position]).toBeCloseTo(token.shared, 4);
			expect(found.kl[position]).toBeCloseTo(token.kl, 4);
			expect(found.agree[position]).toBe(token.agree);
		}
		expect(found.kl[0]).toBe(0);
		expect(Math.max(...found.kl)).toBeGreaterThan(0.01);
		found.baseline.forEach((loss, position) => expect(loss).toBeCloseTo(losses[position], 5));
		expect([...same.kl]).toEqual([0, 0, 0, 0, 0]);
		expect(same.shared).toEqual(same.baseline);
		expect([...same.agree]).toEqual([1, 1, 1, 1, 1]);
	});
});
