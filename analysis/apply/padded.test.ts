import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cachedOnnx, FORMS, VOCAB, type Form } from '../../tests/builders/cachedOnnx.ts';
import { writeTinyCheckpoint, type TinyCheckpoint } from '../../tests/builders/checkpoint.ts';
import { deploy, planFor } from '../../tests/builders/deployed.ts';
import { writeOnnxFolder } from '../../tests/builders/onnxFolder.ts';
import { paddedDifferences } from '../../tests/builders/paddedBatch.ts';
import { DecoderSession } from '../engine/deploySession.ts';
import { openOnnx } from '../model/onnx/open.ts';
import { makePlan } from '../plan/planFile.ts';
import { planSpans } from '../plan/spans.ts';
import type { Sources } from '../plan/types.ts';
import { onnxDecoderNames } from '../measure/bench/benchOnnx.ts';
import { modelFile } from './onnx.ts';
import type { DeployRequest } from './types.ts';

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-padded-'));
});
afterAll(() => rm(scratch, { recursive: true }));

let folders = 0;
const newFolder = (): string => join(scratch, `folder-${folders++}`);

const idsOf = (count: number, stride: number): number[] =>
	Array.from({ length: count }, (_, at) => (at * stride + 5) % VOCAB);
const LAYERS = 5;
const PROMPTS = [idsOf(3, 7), idsOf(11, 17), idsOf(8, 13)];
const FURTHER = idsOf(9, 11);
/** Order of summation, in float32 and in float16. */
const SAME = 2e-5;
const SAME_HALF = 0.05;

describe('a decoder from a checkpoint, its prompts unlike in length', () => {
	async function written(
		tiny: TinyCheckpoint,
		sources: Sources | null,
		given: Partial<DeployRequest> = {}
	): Promise<DecoderSession> {
		const model = newFolder();
		const config = { ...tiny.config, num_hidden_layers: LAYERS };
		await writeTinyCheckpoint(model, { ...tiny, config });
		const headMap = (): number[] => [3, 3, 0, 1];
		const plan = sources === null ? null : await planFor(model, sources, headMap);
		const out = await deploy(model, newFolder(), { plan, ...given });
		return DecoderSession.open(join(out, modelFile(given.dtype ?? 'fp32')));
	}

	const models: [string, TinyCheckpoint][] = [
		['GroupQueryAttention', { config: { head_dim: 16 } }],
		[
			'GroupQueryAttention with a sliding window',
			{ architecture: 'MistralForCausalLM', config: { head_dim: 16, sliding_window: 5 } }
		]
	];
	const plain: [string, TinyCheckpoint][] = [
		['plain operators', { config: { head_dim: 8 } }],
		[
			'plain operators with a sliding window',
			{ architecture: 'MistralForCausalLM', config: { head_dim: 8, sliding_window: 5 } }
		]
	];
	const plans: (Sources | null)[] = [null, [0, 0, 2, 2, 2], [0, 1, 1, null, 4]];
	const cases = [...models, ...plain].flatMap(([name, tiny]) =>
		plans.map((sources) => ({ name, tiny, sources }))
	);
	const onEachSide = cases.flatMap((each) =>
		(['right', 'left'] as const).map((side) => ({ ...each, side }))
	);
	it.each(onEachSide)('$name, $sources: padded on the $side', async ({ tiny, sources, side }) => {
		const session = await written(tiny, sources);
		const differences = await paddedDifferences(session, PROMPTS, FURTHER, side);
		await session.release();
		for (const difference of differences) expect(difference).toBeLessThan(SAME);
	});

	it('in float16', async () => {
		const session = await written(models[0][1], [0, 0, 2, 2, 2], { dtype: 'fp16' });
		const differences = await paddedDifferences(session, PROMPTS, FURTHER, 'right');
		await session.release();
		for (const difference of differences) expect(difference).toBeLessThan(SAME_HALF);
	});
});

describe('an ONNX model written with a plan, its prompts unlike in length', () => {
	async function written(form: Form, sources: Sources): Promise<DecoderSession> {
		const file = await writeOnnxFolder(newFolder(), cachedOnnx({ form, padded: true }));
		const model = { name: 'm', architecture: 'ONNX', layers: 4, heads: 4, kvHeads: 2, hash: '' };
		const spans = planSpans(sources, null, () => [3, 3, 0, 1]);
		const plan = makePlan({ model, sources, spans, definition: null, predicted: null });
		const out = await deploy(file, newFolder(), { plan, dtype: null });
		const original = await openOnnx(file);
		const { names } = onnxDecoderNames(original, original.facts, PROMPTS.length);
		return DecoderSession.open(join(out, 'model.onnx'), { dataFolder: null, names });
	}

	const cases = FORMS.flatMap((form) =>
		(
			[
				[0, 1, 1, 1],
				[0, 0, null, 3]
			] as Sources[]
		).flatMap((sources) =>
			// GroupQueryAttention goes by lengths, whoever uses it: it takes padding on the left for tokens.
			(form.startsWith('groupQuery') ? (['right'] as const) : (['right', 'left'] as const)).map(
				(side) => ({ form, sources, side })
			)
		)
	);
	it.each(cases)('$form as $sources: padded on the $side', async ({ form, sources, side }) => {
		const session = await written(form, sources);
		const differences = await paddedDifferences(session, PROMPTS, FURTHER, side);
		await session.release();
		for (const difference of differences) expect(difference).toBeLessThan(SAME);
	});
});
