import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toBinary } from '@bufbuild/protobuf';
import type { DecoderNames } from '../../engine/deploySession.ts';
import type { ModelFacts } from '../../model/checkpoint/types.ts';
import { InputError } from '../../errors.ts';
import { GraphProtoSchema, ModelProtoSchema } from '../../proto/onnx_pb.ts';
import { withFields } from '../../model/onnx/copy.ts';
import { relocated } from '../../model/onnx/external.ts';
import { checkRunnable, logitsOf } from '../../model/onnx/check.ts';
import type { FoundOnnx } from '../../model/onnx/open.ts';
import { readOnnx } from '../../model/onnx/read.ts';
import { layerCache } from '../../rewrite/shareCache.ts';
import type { BenchFile } from './benchTypes.ts';

/** TensorProto.DataType. */
const FLOAT16 = 10;
/** Axis of the sequences in a cache, [B, heads, length, width], or several such in one. */
const PAST_BATCH = -4;
const FLOAT_BYTES = 4;
const HALF_BYTES = 2;

/**
 * Finds the names of an ONNX model's logits and of the inputs and outputs of its cache, and the bytes of an element of
 * the cache. Throws InputError where the model cannot generate token by token: without a cache, with one that Spanwise
 * cannot feed, with inputs of a fixed length, or made for one sequence and asked for more.
 */
export function onnxDecoderNames(
	found: FoundOnnx,
	{ vocab }: ModelFacts,
	batch: number
): { names: DecoderNames; elementBytes: number } {
	const { onnx, view, layers, caches } = found;
	const logits = logitsOf(found);
	const inputs = checkRunnable(found);
	const cache = layers.flatMap((layer) => {
		const { key, value } = layerCache(view, layer);
		// Keys and values may be one tensor, which is the values' then.
		const slots = [key, value].flatMap(({ past, present }) =>
			past !== null && present !== null ? [{ past, present, size: caches.get(past) ?? null }] : []
		);
		if (slots.length > 0) return slots;
		throw new InputError(
			`${onnx.file}: layer ${layer.layer} has no cache among the inputs and outputs, so that it cannot generate token by token; export it with past_key_values`
		);
	});
	for (const { name, role, fixedContext } of inputs) {
		if (role === 'past' && !cache.some(({ past }) => past === name)) {
			throw new InputError(
				`${onnx.file}: input ${name} is no layer's cache that was found with its output, so that it cannot be fed; expected keys and values of each layer`
			);
		}
		if (fixedContext !== null) {
			throw new InputError(
				`${onnx.file}: input ${name} takes ${fixedContext} tokens at once; expected any number, as a cache is for`
			);
		}
		const shape = view.shape(name) ?? [];
		const sequences = shape.length > 1 ? shape.at(role === 'past' ? PAST_BATCH : 0) : null;
		// A fixed number is 1: others are refused with the inputs.
		if (typeof sequences === 'number' && batch !== 1) {
			throw new InputError(
				`${onnx.file}: input ${name} takes one sequence at a time; found batch ${batch}; allowed: 1`
			);
		}
	}
	const half = inputs.some(({ role, elementType }) => role === 'past' && elementType === FLOAT16);
	return { names: { logits, vocab, cache }, elementBytes: half ? HALF_BYTES : FLOAT_BYTES };
}

/**
 * Returns the file that runs the user's own model without a plan: its path, or, where its weights lie outside the proto, a
 * copy of the proto in `folder`, because onnxruntime follows no links out of the model's folder, as in the Hugging Face
 * cache.
 */
export async function ownFile(
	{ file, names }: { file: string; names: DecoderNames },
	folder: string
): Promise<BenchFile> {
	const { external } = await readOnnx(file, { weights: false });
	if (external.root === null) return { file, dataFolder: null, names };
	const { proto, graph } = await readOnnx(file);
	const initializer = relocated(graph.initializer, external);
	const copy = withFields(ModelProtoSchema, proto, {
		graph: withFields(GraphProtoSchema, graph, { initializer })
	});
	const path = join(folder, 'baseline.onnx');
	await writeFile(path, toBinary(ModelProtoSchema, copy));
	return { file: path, dataFolder: external.root, names };
}
