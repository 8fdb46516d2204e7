import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cachedOnnx, onnxBytes } from '../../tests/builders/cachedOnnx.ts';
import { writeTinyCheckpoint } from '../../tests/builders/checkpoint.ts';
import { deploy, planFor } from '../../tests/builders/deployed.ts';
import { writeGguf } from '../../tests/builders/gguf.ts';
import { ggufOf } from '../../tests/builders/ggufOf.ts';
import { smallDecoderPlan } from '../../tests/builders/onnxPlan.ts';
import { isInputError } from '../errors.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { withModel } from '../model/open.ts';
import type { Plan, Sources } from '../plan/types.ts';
import { GGUF_FILE } from './gguf/write.ts';
import { reportPlan } from './targets.ts';
import { DEPLOY_TARGETS } from './types.ts';

const FAMILIES = 'tests/fixtures/families';
const DROPPING: Sources = [0, null, 2];

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-targets-'));
});
afterAll(() => rm(scratch, { recursive: true }));

let written = 0;

/** Applies a plan in every form. Returns for each the message that `apply` refuses with; null: it was written. */
async function applied(model: string, plan: Plan): Promise<(string | null)[]> {
	const problems: (string | null)[] = [];
	for (const target of DEPLOY_TARGETS) {
		const dtype = target === 'onnx' && !model.endsWith('.onnx') ? 'fp32' : null;
		const out = join(scratch, `out-${++written}`);
		try {
			await deploy(model, out, { plan, target, dtype });
			problems.push(null);
		} catch (error) {
			if (!isInputError(error)) throw error;
			problems.push(error.message);
		}
	}
	return problems;
}

const report = (model: string, plan: Plan) =>
	withModel(model, (opened) => reportPlan(opened, plan, { home: scratch, planFolder: scratch }));

describe('what is said of a plan before anything is written', async () => {
	const families = await readdir(FAMILIES, { withFileTypes: true });
	const names = families.filter((entry) => entry.isDirectory()).map(({ name }) => name);

	it.each(names)('is what apply says of %s, form by form', async (name) => {
		const folder = join(FAMILIES, name);
		const { layers } = (await openCheckpoint(folder)).config;
		for (const second of [0, null]) {
			const sources = Array.from({ length: layers }, (_, layer) => (layer === 1 ? second : layer));
			const plan = await planFor(folder, sources);
			const { problem, targets } = await report(folder, plan);
			const found = await applied(folder, plan);
			if (problem === null) expect(targets.map((target) => target.problem)).toEqual(found);
			else expect(found).toEqual(DEPLOY_TARGETS.map(() => problem));
		}
	});

	it('is what apply says of a GGUF file, which is written as GGUF alone', async () => {
		const checkpoint = join(scratch, 'checkpoint');
		await writeTinyCheckpoint(checkpoint);
		const plan = await planFor(checkpoint, DROPPING);
		const out = await deploy(checkpoint, join(scratch, 'gguf'), { target: 'gguf', plan });
		const file = join(out, GGUF_FILE);
		const { problem, targets } = await report(file, plan);
		expect([problem, targets.map((target) => target.problem)]).toEqual([
			null,
			await applied(file, plan)
		]);
		expect(targets).toEqual([
			{
				target: 'onnx',
				problem: expect.stringContaining('is a GGUF file, without the config.json') as unknown
			},
			{ target: 'transformers', problem: expect.stringContaining('or write --to gguf') as unknown },
			{ target: 'gguf', problem: null }
		]);
	});

	it('is what apply says of an ONNX model, which is written as one', async () => {
		const file = join(scratch, 'model.onnx');
		await writeFile(file, onnxBytes(cachedOnnx({ form: 'groupQuery' })));
		const plan = smallDecoderPlan([0, 0, 2, 3]);
		const { targets, unwritten } = await report(file, plan);
		expect(unwritten).toBeNull();
		expect(targets.map((target) => target.problem)).toEqual(await applied(file, plan));
	});

	it('has the reason of every form where there is none for a plan that fits', async () => {
		const { metadata, tensors } = await ggufOf('models/mini-llama2', 'sentencepiece');
		const file = await writeGguf(join(scratch, 'plain.gguf'), metadata, tensors);
		const sources = Array.from({ length: 16 }, (_, layer) => (layer === 1 ? 0 : layer));
		const plan = await planFor('models/mini-llama2', sources);
		const { problem, unwritten } = await report(file, plan);
		expect(problem).toBeNull();
		expect(unwritten).toMatch(
			/^onnx: onnx: .* is a GGUF file.*; transformers: .* is a GGUF file.*; gguf: .*layer 1 follows layer 0/
		);
	});
});
