import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OnnxDecoder } from '../../analysis/engine/onnxDecoder.ts';
import type { GraphProto, ModelProto } from '../../analysis/proto/onnx_pb.ts';
import { GraphView } from '../../analysis/model/onnx/graphView.ts';
import { graphInputs } from '../../analysis/model/onnx/inputs.ts';
import { findOnnx, type FoundOnnx } from '../../analysis/model/onnx/open.ts';
import type { PlannedAttention } from '../../analysis/rewrite/shareCheck.ts';
import { onnxBytes } from './cachedOnnx.ts';

/** The source's head for each of a follower's four. */
const HEAD_MAP = [3, 3, 0, 1];

/** A model as it is found where it lies in a file, which is gone again. */
export async function foundOnnx(proto: ModelProto): Promise<FoundOnnx> {
	const folder = await mkdtemp(join(tmpdir(), 'spanwise-found-'));
	try {
		const file = join(folder, 'model.onnx');
		await writeFile(file, onnxBytes(proto));
		return await findOnnx(file);
	} finally {
		await rm(folder, { recursive: true });
	}
}

/** Builds the attention of a plan from its sources; layers in `mapped` take the source's heads in another order. */
export function planned(sources: (number | null)[], mapped: number[] = []): PlannedAttention {
	return {
		sources,
		headMaps: sources.map((_, layer) => (mapped.includes(layer) ? HEAD_MAP : null))
	};
}

export function graphOf({ graph }: ModelProto): GraphProto {
	if (graph === undefined) throw new TypeError('no graph');
	return graph;
}

/** Logits [S · vocab] of a model without external data that reads ids piece by piece. */
export async function logitsOf(
	proto: ModelProto,
	pieces: readonly (readonly number[])[]
): Promise<number[]> {
	const inputs = graphInputs(new GraphView(graphOf(proto)), 'model.onnx');
	const past = inputs.filter(({ role }) => role === 'past');
	const decoder = await OnnxDecoder.open({
		file: 'model.onnx',
		bytes: onnxBytes(proto),
		dataFolder: null,
		inputs,
		logits: 'logits',
		cache: new Map(past.map(({ name }) => [name, name.replace('past_key_values', 'present')]))
	});
	const state = decoder.start();
	const logits: number[] = [];
	for (const piece of pieces) logits.push(...(await decoder.read(state, piece)));
	await decoder.release();
	return logits;
}

/** Largest difference of two rows of numbers. */
export function difference(a: readonly number[], b: readonly number[]): number {
	if (a.length !== b.length) return Infinity;
	return a.reduce((most, value, at) => Math.max(most, Math.abs(value - b[at])), 0);
}
