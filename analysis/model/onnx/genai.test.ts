import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
	cachedOnnx,
	HEADS,
	HIDDEN,
	onnxBytes,
	WIDTH,
	type Form
} from '../../../tests/builders/cachedOnnx.ts';
import type { ModelProto } from '../../proto/onnx_pb.ts';
import { openOnnx } from './open.ts';

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-genai-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A model whose cache has a width by name, as onnxruntime-genai's builder writes since 2026. */
function openWidth(proto: ModelProto): ModelProto {
	for (const { name, type } of [...(proto.graph?.input ?? []), ...(proto.graph?.output ?? [])]) {
		if (!/^(past|present)/.test(name) || type?.value.case !== 'tensorType') continue;
		const width = type.value.value.shape?.dim.at(-1);
		if (width !== undefined) width.value = { case: 'dimParam', value: 'kv_cache_dim' };
	}
	return proto;
}

async function opened(form: Form, genai: unknown) {
	const file = join(folder, 'model.onnx');
	await writeFile(file, onnxBytes(openWidth(cachedOnnx({ form, skipNorms: true }))));
	if (genai !== null) await writeFile(join(folder, 'genai_config.json'), JSON.stringify(genai));
	return openOnnx(file);
}

describe('a model of onnxruntime-genai’s builder', () => {
	it.each(['groupQuery', 'groupQueryPacked', 'groupQueryPacked4bit'] as const)(
		'opens without any file beside it, %s: the width of its cache is that of its projections',
		async (form) => {
			const { facts, inputs } = await opened(form, null);
			expect(facts).toMatchObject({ headDim: WIDTH, heads: HEADS, kvHeads: 2, intermediate: 96 });
			const past = inputs.find(({ role }) => role === 'past');
			expect(past?.dims(0)).toEqual([1, 2, 0, WIDTH]);
		}
	);

	it('takes what the graph leaves open from genai_config.json', async () => {
		const decoder = { head_size: 16, hidden_size: HIDDEN, num_hidden_layers: 4 };
		const model = { type: 'llama', context_length: 512, vocab_size: 50, decoder };
		const { facts } = await opened('softmax', { model });
		expect(facts).toMatchObject({ architecture: 'llama', maxPositions: 512, headDim: WIDTH });
		await expect(
			opened('softmax', { model: { ...model, decoder: { ...decoder, num_hidden_layers: 5 } } })
		).rejects.toThrow(/attention was found in 4 layers; config.json or genai_config.json says 5/);
	});

	it('is refused by a genai_config.json that is none, in one short line', async () => {
		await expect(opened('groupQuery', { model: { vocab_size: 'x'.repeat(1e6) } })).rejects.toThrow(
			/genai_config\.json: model\.vocab_size: found "x{10,210}…?"?; expected number$/
		);
	});
});
