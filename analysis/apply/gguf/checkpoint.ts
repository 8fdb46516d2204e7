import type { Checkpoint, ModelConfig } from '../../model/checkpoint/types.ts';
import { float, text, whole, type TypedMetadata } from './metadata.ts';
import { tokenizerMetadata } from './tokenizer.ts';

/**
 * The metadata that a checkpoint's GGUF file begins with, as llama.cpp's converter writes it of a model of the
 * architecture `llama`. Throws InputError for a tokenizer that GGUF cannot hold.
 */
export async function checkpointMetadata(checkpoint: Checkpoint): Promise<TypedMetadata> {
	const { config, name } = checkpoint;
	return new Map([
		['general.architecture', text('llama')],
		['general.name', text(name)],
		['llama.context_length', whole(config.maxPositions)],
		['llama.embedding_length', whole(config.hidden)],
		['llama.block_count', whole(config.layers)],
		['llama.feed_forward_length', whole(config.intermediate)],
		['llama.vocab_size', whole(config.vocab)],
		['llama.attention.layer_norm_rms_epsilon', float(config.normEps)],
		['llama.rope.freq_base', float(config.rotaries[0].theta)],
		...ropeScaling(config),
		...(await tokenizerMetadata(checkpoint))
	]);
}

/** Returns the metadata of linear rotary scaling; empty for other kinds, which need none or a tensor of divisors. */
function ropeScaling({ rotaries }: ModelConfig): TypedMetadata {
	const { scaling } = rotaries[0];
	if (scaling.type !== 'linear') return new Map();
	return new Map([
		['llama.rope.scaling.type', text('linear')],
		['llama.rope.scaling.factor', float(scaling.factor)]
	]);
}
