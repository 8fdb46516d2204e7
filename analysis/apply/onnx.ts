import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlannedLayers } from '../engine/forward.ts';
import type { WeightReader } from '../model/checkpoint/read.ts';
import type { Checkpoint } from '../model/checkpoint/types.ts';
import { isFused } from '../graph/decode/attention.ts';
import { decoderGraph } from '../graph/decode/decoder.ts';
import { graphFile, weightsFile, type DecoderDtype } from '../graph/decode/weights.ts';
import { copyCompanions } from './copied.ts';
import { SUBFOLDER } from '../model/onnx/locate.ts';
import { genaiConfig } from './genaiConfig.ts';
import { adaptChatTemplate, adaptConfig } from './runtimeFiles.ts';
import { writeWeights } from './weightsFile.ts';

const GENAI_FILE = 'genai_config.json';

/** Returns the path of a decoder's graph in its folder, where transformers.js and optimum look for it. */
export function modelFile(dtype: DecoderDtype): string {
	return join(SUBFOLDER, graphFile(dtype));
}

/**
 * Writes a checkpoint, run as `planned`, as an ONNX decoder, graph and weights, into an existing folder.
 * `onProgress` is called with the fraction of the weights' bytes that are written. Returns the names of the files.
 */
export async function writeOnnx(
	folder: string,
	checkpoint: Checkpoint,
	reader: WeightReader,
	planned: Required<PlannedLayers>,
	dtype: DecoderDtype,
	onProgress: (fraction: number) => void
): Promise<string[]> {
	const { config } = checkpoint;
	const { sources, headMaps, repairs } = planned;
	const having = (part: 'o' | 'bias') =>
		new Set([...repairs].flatMap(([layer, repair]) => (repair[part] === null ? [] : [layer])));
	const { model, weights } = decoderGraph({
		config,
		dtype,
		sources,
		headMaps,
		refitted: having('o'),
		biased: having('bias')
	});
	const end = weights.reduce((most, { offset, length }) => Math.max(most, offset + length), 0);
	await mkdir(join(folder, SUBFOLDER));
	const weightsAt = join(SUBFOLDER, weightsFile(dtype));
	await writeWeights(
		join(folder, weightsAt),
		weights,
		dtype,
		{ checkpoint, reader, repairs },
		(bytes) => onProgress(bytes / end)
	);
	await writeFile(join(folder, modelFile(dtype)), model);
	return [weightsAt, modelFile(dtype)];
}

/**
 * Writes what belongs to a decoder beside its graph, `file`, named and laid out so that onnxruntime-genai, optimum and
 * transformers.js, which calls its element type `runtimeType`, run it as it is. Returns the names of the files.
 */
export async function writeCompanions(
	folder: string,
	checkpoint: Checkpoint,
	{ sources }: Required<PlannedLayers>,
	{ file, runtimeType }: { file: string; runtimeType: string }
): Promise<string[]> {
	const copied = await copyCompanions(checkpoint.folder, folder);
	await adaptConfig(folder, checkpoint, runtimeType);
	await adaptChatTemplate(folder);
	const inPlace = isFused(checkpoint.config) && sources.every((source, layer) => source === layer);
	const genai = await genaiConfig(checkpoint, file, inPlace);
	await writeFile(join(folder, GENAI_FILE), `${JSON.stringify(genai, null, 2)}\n`);
	return [...copied, GENAI_FILE];
}
