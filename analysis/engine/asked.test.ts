import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyCheckpoint } from '../../tests/builders/checkpoint.ts';
import { deploy } from '../../tests/builders/deployed.ts';
import { withModel } from '../model/open.ts';
import { byQuestion, idsAfter, rowsBefore } from './asked.ts';
import { engineFor } from './engineFor.ts';
import type { ModelVariant } from '../graph/modelVariants.ts';

let scratch: string;
let checkpoint: string;
let onnx: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-asked-'));
	checkpoint = join(scratch, 'tiny');
	await writeTinyCheckpoint(checkpoint, { config: { num_hidden_layers: 3 } });
	onnx = join(await deploy(checkpoint, join(scratch, 'onnx')), 'onnx', 'model.onnx');
});
afterAll(() => rm(scratch, { recursive: true }));

const PLAN = { sources: [0, 0, null] };
const SIZE = { windowCount: 2, limitBytes: 2e9 };

describe('questions within a sequence', () => {
	const questions = [
		{ place: 2, candidates: [7, 8] },
		{ place: 0, candidates: [9] }
	];

	it('take the row before each candidate, and one of zeros', () => {
		const values = Float32Array.of(1, 2, 3, 4, 5, 6);
		expect([...rowsBefore(values, 2, questions)]).toEqual([5, 6, 5, 6, 1, 2, 0, 0]);
		expect(idsAfter(questions)).toEqual([0, 7, 8, 9]);
		expect(byQuestion(Float64Array.of(0.1, 0.2, 0.3), questions)).toEqual([[0.1, 0.2], [0.3]]);
	});

	it.each(['a checkpoint', 'an ONNX model'])(
		'get of %s the loss that each candidate has at the end of a sequence',
		async (what) => {
			await withModel(what === 'a checkpoint' ? checkpoint : onnx, async (model) => {
				const forecast = engineFor(model).compare(PLAN, { context: 20, longest: 20, ...SIZE });
				const comparison = await forecast.open(scratch);
				const ids = Array.from({ length: 20 }, (_, at) => (at * 7 + 3) % 40);
				const asked = [
					{ place: 5, candidates: [1, 2, 3] },
					{ place: 11, candidates: [4, 30] }
				];
				const answers: Record<ModelVariant, number[][]>[] = [];
				for await (const group of comparison.ask([{ ids, questions: asked }]))
					answers.push(...group.map(({ losses }) => losses));
				expect(answers).toHaveLength(1);
				for (const [question, { place, candidates }] of asked.entries()) {
					const sequences = candidates.map((id) => ({ ids: [...ids.slice(0, place + 1), id] }));
					let candidate = 0;
					for await (const group of comparison.windows(sequences)) {
						for (const { comparison: said } of group) {
							for (const variant of ['baseline', 'shared'] as const) {
								const found = answers[0][variant][question][candidate];
								expect(Math.abs(found - said[variant][place])).toBeLessThan(1e-5);
							}
							candidate++;
						}
					}
					expect(candidate).toBe(candidates.length);
				}
				expect(answers[0].baseline).not.toEqual(answers[0].shared);
				await comparison.close();
			});
		}
	);
});
