import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { functionsDecoder } from '../../../tests/builders/functionsOnnx.ts';
import { mergedDecoder } from '../../../tests/builders/mergedOnnx.ts';
import { smallDecoder } from '../../../tests/builders/onnxDecoder.ts';
import { evaluationOf, onnxPlan } from '../../../tests/builders/onnxEvaluation.ts';
import { writeOnnxFolder } from '../../../tests/builders/onnxFolder.ts';
import { roundingActivations } from '../../../tests/builders/roundedOnnx.ts';
import { tinyTokenizer } from '../../../tests/builders/tokenizer.ts';
import type { ModelProto } from '../../proto/onnx_pb.ts';
import type { Plan } from '../../plan/types.ts';
import { evaluatePlan } from '../../../tests/builders/opened.ts';

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-evaluate-variants-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

let folders = 0;
function evaluate(file: string, plan: Plan) {
	const request = evaluationOf(file, plan, { home: join(scratch, 'home') });
	return evaluatePlan(request, { onProgress: () => undefined });
}

describe('a model written in another way', () => {
	/** 3 layers, ids of the tiny tokenizer. */
	async function small(proto: ModelProto): Promise<string> {
		const file = await writeOnnxFolder(join(scratch, `${folders++}`, 'model'), proto);
		const files = {
			'tokenizer.json': tinyTokenizer(true),
			'config.json': { num_hidden_layers: 3, intermediate_size: 64 }
		};
		for (const [name, json] of Object.entries(files)) {
			await writeFile(join(dirname(file), name), JSON.stringify(json));
		}
		return file;
	}

	it.each([
		{
			title: 'merged with one that reads on from a cache',
			proto: mergedDecoder,
			plain: () => smallDecoder({ inputs: ['attention_mask'] })
		},
		{
			title: 'with functions of its own',
			proto: functionsDecoder,
			plain: () => smallDecoder({ form: 'guarded softmax' })
		},
		{
			title: 'without attention_mask',
			proto: () => smallDecoder({ inputs: [] }),
			plain: smallDecoder
		},
		{
			title: 'with position_ids',
			proto: () => smallDecoder({ inputs: ['attention_mask', 'position_ids'] }),
			plain: smallDecoder
		}
	])('$title costs what it does plain', async ({ proto, plain }) => {
		const plan = onnxPlan([0, 0, null]);
		const { report: expected } = await evaluate(await small(plain()), plan);
		const { report: found } = await evaluate(await small(proto()), plan);
		expect(Math.abs(found.baseline.loss - expected.baseline.loss)).toBeLessThan(1e-5);
		expect(Math.abs(found.delta.loss - expected.delta.loss)).toBeLessThan(1e-5);
		expect(Math.abs(found.kl.mean - expected.kl.mean)).toBeLessThan(1e-5);
		expect(expected.delta.loss).not.toBe(0);
	});

	it.each(['int8', 'MatMulNBits'] as const)(
		'with weights of %s costs nothing without followers, and something with one',
		async (weights) => {
			const file = await small(smallDecoder({ weights }));
			expect((await evaluate(file, onnxPlan([0, 1, 2]))).report.delta.loss).toBe(0);
			const { report, notes } = await evaluate(file, onnxPlan([0, 0, 2]));
			expect(report.kl.mean).toBeGreaterThan(0);
			expect(notes.join()).not.toContain('rounded');
		}
	);

	it('that rounds its activations to 8 bits says that not all of a difference is the plan’s', async () => {
		const file = await small(roundingActivations(smallDecoder({ weights: 'MatMulNBits' })));
		const { notes } = await evaluate(file, onnxPlan([0, 0, 2]));
		expect(notes.join()).toMatch(
			/^activations are rounded to 8 bits, so that any change of the graph moves the loss a little, without a plan too: spanwise analyze says by how much; .*an accuracy_level below 4/
		);
	});
});
