import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyCheckpoint } from '../../../tests/builders/checkpoint.ts';
import { deploy, planFor } from '../../../tests/builders/deployed.ts';
import { openCheckpoint } from '../../model/checkpoint/open.ts';
import { modelFacts } from '../../model/checkpoint/facts.ts';
import type { ModelFacts } from '../../model/checkpoint/types.ts';
import { bench, checkBenchSetting } from './bench.ts';
import { openBenchSide } from './benchSide.ts';
import type { BenchSide } from './benchTypes.ts';
import { readWritten } from '../../apply/read.ts';

const SETTING = { prompt: 12, generate: 4, batch: 2, repeats: 3 };

let scratch: string;
let model: string;
let facts: ModelFacts;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-bench-'));
	model = join(scratch, 'model');
	await writeTinyCheckpoint(model, { config: { head_dim: 16, num_hidden_layers: 4 } });
	facts = modelFacts(await openCheckpoint(model));
});
afterAll(() => rm(scratch, { recursive: true }));

/** A side that takes the given seconds for its first token and twice as long for the rest. */
function side(seconds: readonly number[], log: string[], name: string): BenchSide {
	let at = 0;
	return {
		model: { cacheBytesPerToken: name === 'planned' ? 300 : 400 },
		round: () => {
			log.push(name);
			const firstTokenSeconds = seconds[at++];
			return Promise.resolve({
				firstTokenSeconds,
				decodeSeconds: 2 * firstTokenSeconds,
				peakRssBytes: 1000 + at,
				rssBytes: 900,
				cpuSeconds: at
			});
		},
		close: () => Promise.resolve()
	};
}

describe('bench', () => {
	it('alternates, does not count the first rounds, and compares round by round', async () => {
		const log: string[] = [];
		const sides = {
			baseline: side([9, 1, 2, 4], log, 'baseline'),
			planned: side([9, 2, 2, 2], log, 'planned')
		};
		const reported: string[] = [];
		const sources = [0, 0, 2, null];
		const subject = { name: 'tiny', hash: 'ab', facts, sources, dtype: 'fp32' };
		const report = await bench(subject, sides, SETTING, (done, side) =>
			reported.push(`${done} ${side}`)
		);
		expect(log).toEqual([
			...['baseline', 'planned', 'planned', 'baseline'],
			...['baseline', 'planned', 'planned', 'baseline']
		]);
		expect(reported.slice(0, 3)).toEqual(['1 baseline', '2 planned', '3 planned']);
		expect(report).toMatchObject({ followers: 1, leftOut: 1, model: 'tiny', dtype: 'fp32' });
		expect(report.baseline.firstTokenSeconds).toEqual({ median: 2, q25: 1.5, q75: 3 });
		// 4 tokens of 2 sequences in 2·2 seconds.
		expect(report.baseline.tokensPerSecond.median).toBe(2);
		expect(report.baseline.peakRssBytes).toBe(1004);
		// 2/1, 2/2, 2/4.
		expect(report.ratio.firstTokenSeconds).toEqual({
			median: 1,
			q25: 0.75,
			q75: 1.5,
			low: null,
			high: null
		});
		expect(report.ratio.tokensPerSecond.median).toBe(1);
		expect(report.ratio.cacheBytesPerToken).toBe(0.75);
		// A follower saves K, a dropped layer K and V: 3 of 8.
		expect(report.predicted.kvCache).toBe(3 / 8);
	});

	it('refuses more tokens than there are positions, and no tokens', () => {
		expect(() => checkBenchSetting({ ...SETTING, prompt: 253 }, facts)).toThrow(
			'prompt and generate: 253 + 4 tokens; the model has positions for at most 256'
		);
		expect(() => checkBenchSetting({ ...SETTING, batch: 0 }, facts)).toThrow(
			'batch: 0; allowed: a whole number, 1 or more'
		);
	});
});

describe('a side', () => {
	it('counts the cache from the graph and times its rounds', async () => {
		const plan = await planFor(model, [0, 0, 2, null]);
		const bytes: number[] = [];
		for (const [name, given] of [
			['baseline', {}],
			['planned', { plan }],
			['half', { plan, dtype: 'fp16' }]
		] as const) {
			const folder = await deploy(model, join(scratch, name), given);
			const { file, dtype, plan: read } = await readWritten(folder);
			expect([dtype, read?.sources]).toEqual([
				name === 'half' ? 'fp16' : 'fp32',
				name === 'baseline' ? undefined : plan.sources
			]);
			const opened = await openBenchSide({ file, dataFolder: null, names: null }, SETTING);
			bytes.push(opened.model.cacheBytesPerToken);
			const round = await opened.round();
			await opened.close();
			expect(round.firstTokenSeconds).toBeGreaterThan(0);
			expect(round.decodeSeconds).toBeGreaterThan(0);
			expect(round.peakRssBytes).toBeGreaterThan(1e7);
		}
		const slot = 2 * 16 * 4;
		expect(bytes).toEqual([8 * slot, 5 * slot, (5 * slot) / 2]);
	});

	it('refuses folders that hold no written ONNX model', async () => {
		await expect(readWritten(model)).rejects.toThrow(
			'no spanwise.json; expected a folder written by spanwise apply'
		);
		const plan = await planFor(model, [0, 0, 2, null]);
		const checkpoint = join(scratch, 'checkpoint');
		await deploy(model, checkpoint, { plan, target: 'transformers' });
		await expect(readWritten(checkpoint)).rejects.toThrow('not the record of an ONNX model');
	});
});
