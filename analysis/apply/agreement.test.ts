import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cachedOnnx, FORMS } from '../../tests/builders/cachedOnnx.ts';
import { functionsDecoder } from '../../tests/builders/functionsOnnx.ts';
import { halved } from '../../tests/builders/halfOnnx.ts';
import { mergedDecoder } from '../../tests/builders/mergedOnnx.ts';
import { smallDecoder } from '../../tests/builders/onnxDecoder.ts';
import { evaluationOf, onnxPlan } from '../../tests/builders/onnxEvaluation.ts';
import { writeOnnxFolder } from '../../tests/builders/onnxFolder.ts';
import { letterTokenizer } from '../../tests/builders/letterTokenizer.ts';
import { messageOf } from '../errors.ts';
import { valueInfo } from '../proto/builder.ts';
import {
	AttributeProto_AttributeType as AttributeType,
	AttributeProtoSchema,
	type ModelProto
} from '../proto/onnx_pb.ts';
import { findOnnx } from '../model/onnx/open.ts';
import { onnxReport } from '../model/onnx/report.ts';
import { analyze, checkPlan, deployModel } from '../../tests/builders/opened.ts';

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-agreement-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

const grouped = () => cachedOnnx({ form: 'groupQuery', window: 8 });

/** GroupQueryAttention whose cache keeps the window only, as onnxruntime-genai's builder writes unless told otherwise. */
function windowedCache(): ModelProto {
	const proto = grouped();
	for (const node of proto.graph?.node ?? []) {
		if (node.opType !== 'GroupQueryAttention') continue;
		const name = 'sliding_window_cache';
		node.attribute.push(create(AttributeProtoSchema, { name, type: AttributeType.INT, i: 1n }));
	}
	return proto;
}

/** The dimensions of some inputs and outputs changed. */
function declared(which: RegExp, at: number, size: string | number): ModelProto {
	const proto = grouped();
	for (const { name, type } of [...(proto.graph?.input ?? []), ...(proto.graph?.output ?? [])]) {
		if (!which.test(name) || type?.value.case !== 'tensorType') continue;
		const dim = type.value.value.shape?.dim.at(at);
		if (dim === undefined) continue;
		dim.value =
			typeof size === 'string'
				? { case: 'dimParam', value: size }
				: { case: 'dimValue', value: BigInt(size) };
	}
	return proto;
}

function withUnknownInput(): ModelProto {
	const proto = grouped();
	proto.graph?.input.push(valueInfo('pixel_values', 1, ['batch', 3]));
	return proto;
}

const models: [title: string, layers: number, proto: () => ModelProto][] = [
	...FORMS.map((form): [string, number, () => ModelProto] => [form, 4, () => cachedOnnx({ form })]),
	['a sliding window', 4, grouped],
	['a windowed cache', 4, windowedCache],
	['a width by name', 4, () => declared(/^(past|present)/, -1, 'kv_cache_dim')],
	['a cache of fixed length', 4, () => declared(/^past/, 2, 12)],
	['logits of the last token', 4, () => declared(/^logits$/, 1, 1)],
	['an input of another kind', 4, withUnknownInput],
	['half precision', 4, () => halved(cachedOnnx({ form: 'groupQuery' }))],
	['functions of its own', 3, functionsDecoder],
	['two branches', 3, mergedDecoder],
	['com.microsoft.Attention', 3, () => smallDecoder({ form: 'com.microsoft.Attention' })]
];

async function refusal(act: () => Promise<unknown>): Promise<string | null> {
	try {
		await act();
		return null;
	} catch (error) {
		return messageOf(error);
	}
}

it.each(models)(
	'what is said of a model before is what analyze and apply do: %s',
	async (title, layers, proto) => {
		const folder = join(scratch, title.replaceAll(' ', '-'));
		const home = join(scratch, 'home');
		const file = await writeOnnxFolder(folder, proto());
		const config = { num_hidden_layers: layers, intermediate_size: 96, hidden_size: 64 };
		await writeFile(join(dirname(file), 'config.json'), JSON.stringify(config));
		await writeFile(join(dirname(file), 'tokenizer.json'), JSON.stringify(letterTokenizer()));
		const plan = onnxPlan(Array.from({ length: layers }, (_, layer) => (layer === 1 ? 0 : layer)));

		const { problem } = onnxReport(await findOnnx(file, { weights: false }));
		const { documents, context, memoryLimitBytes } = evaluationOf(file, plan, { home });
		const request = { modelFolder: file, documents, context, memoryLimitBytes, home };
		const analysed = await refusal(() =>
			analyze(
				{ ...request, windows: 1, metrics: ['cosine'], views: ['all'], jsRows: 8 },
				{
					runFolder: join(folder, 'run'),
					id: 'run',
					command: 'spanwise',
					onProgress: () => undefined
				}
			)
		);
		expect(analysed).toBe(problem);

		const check = await checkPlan(file, plan, { home, planFolder: null });
		const out = join(folder, 'out');
		const deployment = { modelFolder: file, plan, planFolder: folder, out, home };
		const applied = await refusal(() =>
			deployModel({ ...deployment, target: 'onnx', dtype: null, verify: true }, () => undefined)
		);
		expect(applied).toBe(check.problem);
	}
);
