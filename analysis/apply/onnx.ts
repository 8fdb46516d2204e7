import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlannedLayers } from '../engine/forward.ts';
import type { WeightReader } from '../model/checkpoint/read.ts';
import { FAMILIES } from '../model/checkpoint/families.ts';
import type { Architecture, Checkpoint } from '../model/checkpoint/types.ts';
import { readJsonFile } from '../edge/json.ts';
import { isFused } from '../graph/decode/attention.ts';
import { decoderGraph } from '../graph/decode/decoder.ts';
import { WEIGHTS_FILE } from '../graph/decode/graph.ts';
import type { DecoderDtype } from '../graph/decode/weights.ts';
import { copyCompanions } from './copied.ts';
import { genaiConfig } from './genaiConfig.ts';
import { writeWeights } from './weightsFile.ts';

export const MODEL_FILE = 'model.onnx';
const GENAI_FILE = 'genai_config.json';
const CONFIG_FILE = 'config.json';

/** The plan of a checkpoint is in the graph: what runs that goes by the family's own type. */
async function nameFamily(file: string, architecture: Architecture): Promise<void> {
	const config = (await readJsonFile(file)) as object;
	const model_type = FAMILIES[architecture].modelType;
	await writeFile(file, `${JSON.stringify({ ...config, model_type }, null, 2)}\n`);
}

/**
 * Writes a checkpoint, run as `planned`, as an ONNX decoder with what belongs to it, into an existing folder.
 * `onProgress` is told the share of the weights' bytes that are written. Returns the names of the files.
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
	const copied = await copyCompanions(checkpoint.folder, folder);
	if (config.shared !== null) await nameFamily(join(folder, CONFIG_FILE), config.architecture);
	await writeWeights(
		join(folder, WEIGHTS_FILE),
		weights,
		dtype,
		{ checkpoint, reader, repairs },
		(bytes) => onProgress(bytes / end)
	);
	await writeFile(join(folder, MODEL_FILE), model);
	const inPlace = isFused(config) && sources.every((source, layer) => source === layer);
	const genai = await genaiConfig(checkpoint, inPlace);
	await writeFile(join(folder, GENAI_FILE), `${JSON.stringify(genai, null, 2)}\n`);
	return [...copied, WEIGHTS_FILE, MODEL_FILE, GENAI_FILE];
}
