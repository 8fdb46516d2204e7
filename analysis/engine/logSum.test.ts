import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uniform, writeTinyCheckpoint } from '../../tests/builders/checkpoint.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { WeightReader } from '../model/checkpoint/read.ts';
import { LanguageHead } from './head.ts';
import { LogitsComparison, LogitsLoss } from './logitsComparison.ts';
import { WeightSource } from './weights.ts';

/** Most that a loss may be off the same loss worked out in float64 from the same logits. */
const TOLERANCE = 1e-5;
const IDS = [0, 31_999, 7, 11];

let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-log-sum-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Loss of each token after the first, from logits [S − 1, vocab], in float64. */
function plainLosses(logits: Float32Array, vocab: number): number[] {
	return IDS.slice(1).map((id, token) => {
		const row = logits.subarray(token * vocab, (token + 1) * vocab);
		const highest = row.reduce((high, value) => Math.max(high, value), -Infinity);
		const sum = row.reduce((total, value) => total + Math.exp(value - highest), 0);
		return highest + Math.log(sum) - row[id];
	});
}

function expectLosses(found: ArrayLike<number>, expected: number[]): void {
	expect(found).toHaveLength(expected.length);
	expected.forEach((loss, token) => {
		expect(Math.abs(found[token] - loss)).toBeLessThan(TOLERANCE);
	});
}

/** Nearly flat rows: no few ids hold the mass, which is where adding up in float32 loses most. */
describe.each([49_152, 262_144])(
	'every loss over a vocabulary of %i is that of float64',
	(vocab) => {
		const random = uniform(vocab);
		const logits = (): Float32Array =>
			Float32Array.from({ length: IDS.length * vocab }, () => 12 + 4 * random());

		it('from the logits of one model and of two', async () => {
			const [baseline, shared] = [logits(), logits()];
			const [loss, comparison] = [await LogitsLoss.open(), await LogitsComparison.open()];
			const [a, b] = [
				{ data: baseline, vocab },
				{ data: shared, vocab }
			];
			expectLosses(await loss.of(IDS, a), plainLosses(baseline, vocab));
			const compared = await comparison.compare(IDS, a, b);
			await loss.release();
			await comparison.release();
			expectLosses(compared.baseline, plainLosses(baseline, vocab));
			expectLosses(compared.shared, plainLosses(shared, vocab));
		});

		it('from the last hidden states of a checkpoint, alone and compared', async () => {
			const at = join(folder, `model-${vocab}`);
			await writeTinyCheckpoint(at, {
				dtype: 'BF16',
				config: { vocab_size: vocab, tie_word_embeddings: true }
			});
			const checkpoint = await openCheckpoint(at);
			const { config } = checkpoint;
			const reader = new WeightReader();
			const weights = new WeightSource(checkpoint, reader, { resident: false, hasher: null });
			const head = await LanguageHead.open(config, IDS.length, weights);
			const hidden = Float32Array.from({ length: IDS.length * config.hidden }, random);
			const logitsOf = async (position: number) => {
				const own = hidden.slice(position * config.hidden, (position + 1) * config.hidden);
				const window = new Float32Array(hidden.length);
				window.set(own, hidden.length - config.hidden);
				return head.lastLogits(window);
			};
			const all = new Float32Array((IDS.length - 1) * vocab);
			for (let token = 0; token < IDS.length - 1; token++) {
				all.set(await logitsOf(token), token * vocab);
			}
			const expected = plainLosses(all, vocab);
			await head.release();
			for (const resident of [false, true]) {
				const own = new WeightSource(checkpoint, reader, { resident, hasher: null });
				const head = await LanguageHead.open(config, IDS.length, own);
				const [losses] = await head.losses([{ hidden, ids: IDS }]);
				const [compared] = await head.compare([{ baseline: hidden, shared: hidden, ids: IDS }]);
				await head.release();
				await own.release();
				expectLosses(losses, expected);
				expectLosses(compared.baseline, expected);
			}
			await reader.close();
		});
	}
);

it('refuses an id that the logits have no place for', async () => {
	const loss = await LogitsLoss.open();
	const logits = { data: new Float32Array(9), vocab: 3 };
	await expect(loss.of([0, 3, 1], logits)).rejects.toThrow(
		'token id 3: the model has logits of 3 tokens only; expected an id below that'
	);
	await loss.release();
});
