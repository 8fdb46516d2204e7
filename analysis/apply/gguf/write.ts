import { join } from 'node:path';
import type { PlannedLayers } from '../../engine/forward.ts';
import { InputError } from '../../errors.ts';
import type { CheckpointModel } from '../../model/open.ts';
import { checkpointMetadata } from './checkpoint.ts';
import { writeGguf } from './file.ts';
import { deciMetadata, typedMetadata } from './metadata.ts';
import { deciTensors } from './tensors.ts';

export const GGUF_FILE = 'model.gguf';

/** Architectures of Llama's graph, with biases or without, which llama.cpp's `deci` computes. */
const WRITTEN = ['LlamaForCausalLM', 'MistralForCausalLM', 'Qwen2ForCausalLM'];
const ROTARIES = ['default', 'linear', 'llama3', 'divided'];
const OTHERWISE = 'write ONNX instead (--to onnx)';

/** Throws InputError, which says what is in the way, where a model cannot be written as GGUF without some of its attention. */
export function requireGguf(
	{ name, checkpoint: { config } }: CheckpointModel,
	{ sources, repairs }: Required<PlannedLayers>
): void {
	const refuse = (why: string): never => {
		throw new InputError(`${name}: --to gguf: ${why}; ${OTHERWISE}`);
	};
	const { architecture, slidingWindows, rotaries } = config;
	if (!WRITTEN.includes(architecture)) {
		refuse(
			`llama.cpp drops the attention of single layers in Llama's graph alone; ${architecture} is not written, ${WRITTEN.join(', ')} are`
		);
	}
	const window = slidingWindows.findIndex((keys) => keys !== null);
	if (window !== -1) {
		refuse(
			`layer ${window} has a sliding window, which llama.cpp's deci architecture does not have`
		);
	}
	const { type } = rotaries[0].scaling;
	if (!ROTARIES.includes(type))
		refuse(`rope_scaling ${type} is not written; ${ROTARIES.join(', ')} are`);
	const follower = sources.findIndex((source, layer) => source !== null && source !== layer);
	if (follower !== -1) {
		refuse(
			`layer ${follower} follows layer ${sources[follower]}, and llama.cpp has no layer that reuses another's attention: only dropped layers can be written`
		);
	}
	if (sources[0] === null) {
		refuse('layer 0 is dropped, and llama.cpp takes the size of a head from layer 0');
	}
	const refitted = [...repairs].find(([, { o }]) => o !== null);
	if (refitted !== undefined && sources[refitted[0]] === null) {
		refuse(`layer ${refitted[0]} is dropped and has a refitted output projection`);
	}
}

/**
 * Writes a model as a GGUF file of llama.cpp's architecture `deci`, in which dropped layers have no heads, into an existing
 * folder. Returns the names of the files.
 */
export async function writeGgufModel(
	folder: string,
	{ form, checkpoint, reader }: CheckpointModel,
	planned: Required<PlannedLayers>,
	onProgress: (fraction: number) => void
): Promise<string[]> {
	const metadata =
		form === 'gguf' ? await typedMetadata(checkpoint.folder) : await checkpointMetadata(checkpoint);
	const tensors = await deciTensors(checkpoint, reader, planned);
	const written = deciMetadata(metadata, planned.sources, checkpoint.config);
	await writeGguf(join(folder, GGUF_FILE), written, tensors, onProgress);
	return [GGUF_FILE];
}
