import { fromBinary } from '@bufbuild/protobuf';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cachedOnnx } from '../../tests/builders/cachedOnnx.ts';
import { writeOnnxFolder } from '../../tests/builders/onnxFolder.ts';
import { ModelProtoSchema } from '../proto/onnx_pb.ts';
import { integerOf } from '../model/onnx/graphView.ts';
import { findOnnx } from '../model/onnx/open.ts';
import { referenceStage } from './shareReference.ts';

/** GroupQueryAttention's value of `qk_output` for the probabilities after softmax. */
const PROBABILITIES = 2;

it('sources put their probabilities out in every stage, as they do in what was written', async () => {
	const folder = await mkdtemp(join(tmpdir(), 'spanwise-reference-'));
	try {
		const proto = cachedOnnx({ form: 'groupQueryPacked4bit' });
		const model = await findOnnx(await writeOnnxFolder(folder, proto));
		const sources = [model.layers[0], model.layers[2]];
		const stages = [
			referenceStage(model, { logits: 'logits' }, { fed: [], dropped: [], sources }),
			referenceStage(
				model,
				{ source: model.layers[2], follower: model.layers[3] },
				{ fed: [model.layers[1]], dropped: [], sources }
			)
		];
		for (const { bytes } of stages) {
			const nodes = fromBinary(ModelProtoSchema, bytes).graph?.node ?? [];
			const asked = ['0.attention', '2.attention'].map((name) => {
				const node = nodes.find((each) => each.name === name);
				return node === undefined ? null : integerOf(node, 'qk_output');
			});
			expect(asked).toEqual([PROBABILITIES, PROBABILITIES]);
		}
	} finally {
		await rm(folder, { recursive: true });
	}
});
