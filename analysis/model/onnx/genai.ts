import * as v from 'valibot';
import { readJsonFile } from '../../edge/json.ts';
import { parseUntrusted } from '../../edge/parse.ts';
import { count, layerCount, type DecoderConfig } from './config.ts';

/** Facts of a decoder that onnxruntime-genai's model builder writes (src/python/py/models/builders/base.py). */
const schema = v.object({
	model: v.nullish(
		v.object({
			type: v.nullish(v.string()),
			context_length: count,
			vocab_size: count,
			decoder: v.nullish(
				v.object({
					head_size: count,
					hidden_size: count,
					num_attention_heads: count,
					num_hidden_layers: layerCount,
					num_key_value_heads: count
				})
			)
		})
	)
});

/** Reads a genai_config.json; of windows the nodes of such a graph say more. */
export async function readGenaiConfig(file: string): Promise<DecoderConfig> {
	const { model } = parseUntrusted(schema, await readJsonFile(file), file);
	const decoder = model?.decoder;
	return {
		architecture: model?.type ?? null,
		layers: decoder?.num_hidden_layers ?? null,
		heads: decoder?.num_attention_heads ?? null,
		kvHeads: decoder?.num_key_value_heads ?? null,
		headDim: decoder?.head_size ?? null,
		hidden: decoder?.hidden_size ?? null,
		intermediate: null,
		vocab: model?.vocab_size ?? null,
		maxPositions: model?.context_length ?? null,
		windows: null,
		qkvBias: null,
		outputBias: null,
		qkNorm: null
	};
}

/** Merges the facts of two files; the second is used where the first does not say. null: there is neither. */
export function together(
	first: DecoderConfig | null,
	second: DecoderConfig | null
): DecoderConfig | null {
	if (first === null || second === null) return first ?? second;
	return {
		architecture: first.architecture ?? second.architecture,
		layers: first.layers ?? second.layers,
		heads: first.heads ?? second.heads,
		kvHeads: first.kvHeads ?? second.kvHeads,
		headDim: first.headDim ?? second.headDim,
		hidden: first.hidden ?? second.hidden,
		intermediate: first.intermediate ?? second.intermediate,
		vocab: first.vocab ?? second.vocab,
		maxPositions: first.maxPositions ?? second.maxPositions,
		windows: first.windows ?? second.windows,
		qkvBias: first.qkvBias ?? second.qkvBias,
		outputBias: first.outputBias ?? second.outputBias,
		qkNorm: first.qkNorm ?? second.qkNorm
	};
}
