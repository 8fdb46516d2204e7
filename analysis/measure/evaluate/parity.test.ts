import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeTinyCheckpoint, type TinyCheckpoint } from '../../../tests/builders/checkpoint.ts';
import { deploy, planFor } from '../../../tests/builders/deployed.ts';
import { evaluatePlan } from '../../../tests/builders/opened.ts';

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-parity-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

const TEXT = 'the sea and the rain on the sand, and again the hand. '.repeat(40);
const QUESTIONS = [0, 1].map((answer) => ({
	prompt: 'the rain and the hand',
	choices: [' on the sand', ' in the sea', '. Again'],
	answer,
	group: `${answer}`
}));

const MODELS: { title: string; tiny: TinyCheckpoint }[] = [
	{ title: 'Llama', tiny: {} },
	{ title: 'Qwen3, norms of q and k', tiny: { architecture: 'Qwen3ForCausalLM' } },
	{
		title: 'Mistral, a window of 9 tokens',
		tiny: { architecture: 'MistralForCausalLM', config: { sliding_window: 9 } }
	}
];

it.each(MODELS)(
	'$title: a checkpoint and the ONNX model made of it cost the same under a plan',
	async ({ title, tiny }) => {
		const folder = join(scratch, title.split(/\W/)[0]);
		const given = { ...tiny, config: { ...tiny.config, num_hidden_layers: 5 } };
		await writeTinyCheckpoint(folder, given);
		const file = join(await deploy(folder, `${folder}-onnx`), 'onnx', 'model.onnx');
		const plan = await planFor(folder, [0, 1, 1, null, 4], () => [1, 0, 3, 2]);
		const [checkpoint, onnx] = await Promise.all(
			[folder, file].map((modelFolder) =>
				evaluatePlan(
					{
						modelFolder,
						plan,
						repairs: null,
						documents: [{ name: 'text', text: TEXT }],
						context: 40,
						windows: 4,
						questions: QUESTIONS,
						gates: { maxLossIncrease: 1, minAgreement: 0, maxAccuracyDrop: 1 },
						memoryLimitBytes: 2e9,
						home: join(scratch, 'home')
					},
					{ onProgress: () => undefined }
				)
			)
		);
		const [a, b] = [checkpoint.report, onnx.report];
		const near = (x: number, y: number) => expect(Math.abs(x - y)).toBeLessThan(1e-5);
		near(a.baseline.loss, b.baseline.loss);
		near(a.baseline.bitsPerByte, b.baseline.bitsPerByte);
		near(a.delta.loss, b.delta.loss);
		near(a.delta.high ?? NaN, b.delta.high ?? NaN);
		near(a.kl.mean, b.kl.mean);
		near(a.kl.p99, b.kl.p99);
		expect(b.agreement).toBe(a.agreement);
		expect(b.choices).toEqual(a.choices);
		expect(b.worst.map(({ window, pieces }) => ({ window, pieces }))).toEqual(
			a.worst.map(({ window, pieces }) => ({ window, pieces }))
		);
		expect(b.gates?.judged.map(({ verdict }) => verdict)).toEqual(
			a.gates?.judged.map(({ verdict }) => verdict)
		);
		expect(b.cost.predicted.kCache).toEqual(a.cost.predicted.kCache);
		expect([a.cost.measured.timed, b.cost.measured.timed]).toEqual(['layers', 'model']);
		expect(a.delta.loss).not.toBe(0);
	}
);
