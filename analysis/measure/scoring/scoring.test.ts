import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyCheckpoint } from '../../../tests/builders/checkpoint.ts';
import { planFor } from '../../../tests/builders/deployed.ts';
import { parseUntrusted } from '../../edge/parse.ts';
import { engineLogits } from '../../engine/deployLogits.ts';
import { openCheckpoint } from '../../model/checkpoint/open.ts';
import { WeightReader } from '../../model/checkpoint/read.ts';
import { completionAnswer, completionRequest, scoreLogits, type Scored } from './completion.ts';
import { withScorer, type Scorer } from './scorer.ts';

const ASKED = { model: 'planned', prompt: [[3, 4]], echo: true, max_tokens: 1, logprobs: 1 };

describe('a request', () => {
	it('is one as lm-evaluation-harness sends it, or a single sequence', () => {
		const sent = { ...ASKED, temperature: 0, seed: 1234 };
		expect(parseUntrusted(completionRequest, sent, 'request').prompt).toEqual([[3, 4]]);
		const one = { ...ASKED, prompt: [3, 4] };
		expect(parseUntrusted(completionRequest, one, 'request').prompt).toEqual([[3, 4]]);
	});
	it.each([
		[{ prompt: 'a text' }, 'request: prompt: expected token ids, [[1, 2, …], …]'],
		[{ prompt: [[]] }, 'prompt'],
		[{ model: 'gpt-4' }, 'request: model: expected baseline or planned'],
		[{ echo: false }, 'request: echo: expected true: this endpoint scores prompts'],
		[{ max_tokens: 16 }, 'request: max_tokens: expected 1'],
		[{ prompt: [[-1]] }, 'prompt']
	])('is refused: %j', (change, message) => {
		expect(() => parseUntrusted(completionRequest, { ...ASKED, ...change }, 'request')).toThrow(
			message
		);
	});
});

describe('scores', () => {
	const logits = Float32Array.of(0, Math.log(3), 0, 0, 0, 0);
	const scored = scoreLogits(logits, 3, [2, 1]);

	it('are log-probabilities, the likeliest token from the same floats, and one token more', () => {
		expect(scored.ids).toEqual([2, 1, 0]);
		expect(scored.logprobs[0]).toBeNull();
		expect(scored.logprobs[1]).toBeCloseTo(Math.log(3 / 5), 6);
		expect(scored.tops[1]?.logprob).toBe(scored.logprobs[1]);
		expect(scored.logprobs[2]).toBeCloseTo(Math.log(1 / 3), 6);
	});
	it('are answered in the form that clients of completions read', () => {
		const answer = completionAnswer('planned', [scored]);
		expect(answer).toMatchObject({
			model: 'planned',
			choices: [
				{ index: 0, logprobs: { token_logprobs: scored.logprobs, tokens: ['2', '1', '0'] } }
			]
		});
	});
});

describe('a scorer', () => {
	const SOURCES = [0, 0, 2];
	let home: string;
	let model: string;
	beforeAll(async () => {
		home = await mkdtemp(join(tmpdir(), 'spanwise-scoring-'));
		model = join(home, 'model');
		await writeTinyCheckpoint(model);
	});
	afterAll(() => rm(home, { recursive: true }));

	async function scoring(use: (scorer: Scorer) => Promise<void>): Promise<void> {
		const plan = await planFor(model, SOURCES);
		await withScorer({ model, plan, planFolder: home, home }, use);
	}
	async function expected(ids: number[], sources: number[]): Promise<Scored> {
		const checkpoint = await openCheckpoint(model);
		const reader = new WeightReader();
		const logits = await engineLogits(checkpoint, reader, ids, { sources });
		await reader.close();
		return scoreLogits(logits, checkpoint.config.vocab, ids);
	}
	const close = (found: Scored, wanted: Scored) =>
		found.logprobs.forEach((value, at) =>
			expect(value ?? 0).toBeCloseTo(wanted.logprobs[at] ?? 0, 4)
		);

	it('gives what the engine gives, of both models, with a BOS where none was sent', async () => {
		await scoring(async (scorer) => {
			const ids = [0, 5, 9, 3, 7];
			const [planned] = await scorer.score('planned', [ids]);
			close(planned, await expected(ids, SOURCES));
			const [baseline] = await scorer.score('baseline', [ids]);
			close(baseline, await expected(ids, [0, 1, 2]));
			expect(planned.logprobs[3]).not.toBeCloseTo(baseline.logprobs[3] ?? 0, 3);
			// The tiny tokenizer sets BOS, id 0: the answer is as long as what was sent.
			const [without] = await scorer.score('planned', [ids.slice(1)]);
			expect(without.logprobs).toEqual(planned.logprobs.slice(1));
			expect(without.ids).toEqual(planned.ids.slice(1));
			await expect(scorer.score('baseline', [[0, 10_000]])).rejects.toThrow('token id 10000');
			await expect(scorer.score('baseline', [Array<number>(300).fill(1)])).rejects.toThrow(
				'prompt: 301 tokens, BOS included; the model has positions for at most 256'
			);
		});
		expect(await readdir(join(home, 'results'))).toEqual([]);
	});
});
