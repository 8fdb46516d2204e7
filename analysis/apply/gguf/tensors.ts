import { GGMLQuantizationType } from '@huggingface/gguf';
import type { PlannedLayers } from '../../engine/forward.ts';
import { inverseFrequencies } from '../../graph/rotary.ts';
import { modelTensorNames } from '../../model/checkpoint/expected.ts';
import { ggufTensorName } from '../../model/gguf/names.ts';
import type { WeightReader } from '../../model/checkpoint/read.ts';
import type { Checkpoint, ModelConfig } from '../../model/checkpoint/types.ts';
import { bytesOf, floatsOf, keptTensors, rawBytes, type Written } from '../kept.ts';
import type { GgufTensor } from './file.ts';

const FLOAT = 4;
const PROJECTION = /^model\.layers\.\d+\.self_attn\.(q|k)_proj\.(weight|bias)$/;
const DOWN_BIAS = (layer: number): string => `blk.${layer}.ffn_down.bias`;

/**
 * The tensors of a deci file for a checkpoint without the attention of some layers. Matrices keep their type and, of a GGUF
 * file, their very blocks; vectors become float32, which llama.cpp asks for. What a dropped layer adds in place of
 * attention goes into the bias of the MLP before it: the sum that reaches the layer is the same.
 */
export async function deciTensors(
	checkpoint: Checkpoint,
	reader: WeightReader,
	planned: Required<PlannedLayers>
): Promise<GgufTensor[]> {
	const { config } = checkpoint;
	const tied = config.tied ? null : modelTensorNames(config).outputEmbedding;
	const tensors = keptTensors(checkpoint, { ...planned, repairs: new Map() }).flatMap((kept) => {
		const name = ggufTensorName(kept.name);
		// A head that the model does not use, and buffers that are computed, are not of the model.
		if (name === null || (name === 'output.weight' && tied === null)) return [];
		return [tensorOf(name, kept, config, reader)];
	});
	for (const [layer, { bias }] of planned.repairs) {
		if (bias === null || planned.sources[layer] !== null) continue;
		const name = DOWN_BIAS(layer - 1);
		const before = tensors.findIndex((tensor) => tensor.name === name);
		if (before === -1) tensors.push(vector(name, bias));
		else tensors[before] = vector(name, await added(tensors[before], bias));
	}
	const factors = rotaryFactors(config);
	return factors === null ? tensors : [...tensors, vector('rope_freqs.weight', factors)];
}

function tensorOf(
	name: string,
	{ name: original, dtype, shape, byteLength, from }: Written,
	config: ModelConfig,
	reader: WeightReader
): GgufTensor {
	const projection = PROJECTION.exec(original);
	const heads = projection === null ? null : projection[1] === 'q' ? config.heads : config.kvHeads;
	const float = shape.length === 1;
	const values = () => (float ? floats(from, reader) : bytesOf(from, reader));
	return {
		name,
		type: GGMLQuantizationType[(float ? 'F32' : dtype) as keyof typeof GGMLQuantizationType],
		shape,
		byteLength: float ? FLOAT * shape[0] : byteLength,
		bytes: () =>
			heads === null || isInterleaved(from) ? values() : interleaved(values(), heads, shape[0])
	};
}

/** Returns true if rotary pairs are side by side in the file already; false for vectors, reordered as they are read. */
function isInterleaved(from: Written['from']): boolean {
	return (
		!(from instanceof Float32Array) && from.interleavedHeads !== undefined && from.shape.length > 1
	);
}

async function* floats(from: Written['from'], reader: WeightReader): AsyncGenerator<Uint8Array> {
	yield rawBytes(from instanceof Float32Array ? from : await floatsOf(from, reader));
}

/** Rows [heads, 2, pairs] as [heads, pairs, 2]: the two of a rotary pair side by side, as llama.cpp turns them. */
async function* interleaved(
	pieces: AsyncIterable<Uint8Array>,
	heads: number,
	rows: number
): AsyncGenerator<Uint8Array> {
	const from = await joined(pieces);
	const to = Buffer.alloc(from.length);
	const rowBytes = from.length / rows;
	const pairs = rows / heads / 2;
	for (let row = 0; row < rows; row++) {
		const [head, within] = [Math.floor(row / (2 * pairs)), row % (2 * pairs)];
		const target = head * 2 * pairs + 2 * (within % pairs) + Math.floor(within / pairs);
		from.copy(to, target * rowBytes, row * rowBytes, (row + 1) * rowBytes);
	}
	yield to;
}

/** All bytes of pieces, each of which is only valid until the next is asked for. */
async function joined(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
	const read: Buffer[] = [];
	for await (const piece of pieces) read.push(Buffer.from(piece));
	return Buffer.concat(read);
}

function vector(name: string, values: Float32Array): GgufTensor {
	return {
		name,
		type: GGMLQuantizationType.F32,
		shape: [values.length],
		byteLength: values.byteLength,
		bytes: async function* () {
			yield await Promise.resolve(rawBytes(values));
		}
	};
}

async function added(tensor: GgufTensor, bias: Float32Array): Promise<Float32Array> {
	const bytes = await joined(tensor.bytes());
	return bias.map((value, at) => value + bytes.readFloatLE(FLOAT * at));
}

/** Computes llama.cpp's divisors of rotary frequencies, [headDim / 2]; null: all stay, or are divided by one factor. */
function rotaryFactors({ rotaries, headDim, maxPositions }: ModelConfig): Float32Array | null {
	const [rotary] = rotaries;
	if (rotary.scaling.type !== 'llama3' && rotary.scaling.type !== 'divided') return null;
	const scaled = inverseFrequencies(rotary, headDim, maxPositions);
	const plain = inverseFrequencies(
		{ ...rotary, scaling: { type: 'default' } },
		headDim,
		maxPositions
	);
	return Float32Array.from(plain, (frequency, pair) => frequency / scaled[pair]);
}
