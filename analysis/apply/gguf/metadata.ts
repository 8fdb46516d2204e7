import { gguf, GGUFValueType } from '@huggingface/gguf';
import { checkPlainFile } from '../../edge/json.ts';
import { readTokens, TOKENS_KEY } from '../../model/gguf/tokens.ts';
import type { TypedValue } from './file.ts';

export const text = (value: string): TypedValue => ({ value, type: GGUFValueType.STRING });
export const flag = (value: boolean): TypedValue => ({ value, type: GGUFValueType.BOOL });
export const whole = (value: number): TypedValue => ({ value, type: GGUFValueType.UINT32 });
export const float = (value: number): TypedValue => ({ value, type: GGUFValueType.FLOAT32 });
export const texts = (value: string[]): TypedValue => ({
	value,
	type: GGUFValueType.ARRAY,
	subType: GGUFValueType.STRING
});
export const wholes = (value: number[]): TypedValue => ({
	value,
	type: GGUFValueType.ARRAY,
	subType: GGUFValueType.INT32
});
export const floats = (value: number[]): TypedValue => ({
	value,
	type: GGUFValueType.ARRAY,
	subType: GGUFValueType.FLOAT32
});

/** Metadata by key. */
export type TypedMetadata = Map<string, TypedValue>;

/** Keys that describe the file itself: its version, counts, alignment and split. Another file has its own. */
const OF_THE_FILE = /^(version|tensor_count|kv_count|general\.alignment|split\..*)$/;

/** The metadata of a GGUF file with the types that it is written with. */
export async function typedMetadata(file: string): Promise<TypedMetadata> {
	await checkPlainFile(file);
	const read = await gguf(file, { allowLocalFile: true, typedMetadata: true });
	const entries = Object.entries(read.typedMetadata) as [string, TypedValue][];
	const tokens = await readTokens(file, Number(read.tensorDataOffset));
	if (tokens !== null) entries.push([TOKENS_KEY, texts(tokens)]);
	return new Map(entries.filter(([key]) => !OF_THE_FILE.test(key)));
}

/**
 * The metadata of a model of Llama's graph as that of llama.cpp's `deci`, where each layer has its own count of heads:
 * none where the plan drops attention.
 */
export function deciMetadata(
	metadata: ReadonlyMap<string, TypedValue>,
	sources: readonly (number | null)[],
	{ heads, kvHeads, headDim }: { heads: number; kvHeads: number; headDim: number }
): TypedMetadata {
	const prefix = `${String(metadata.get('general.architecture')?.value)}.`;
	const renamed = [...metadata].map(([key, value]): [string, TypedValue] => [
		key.startsWith(prefix) ? `deci.${key.slice(prefix.length)}` : key,
		value
	]);
	const each = (count: number) => wholes(sources.map((source) => (source === null ? 0 : count)));
	return new Map([
		...renamed,
		['general.architecture', text('deci')],
		['deci.attention.head_count', each(heads)],
		['deci.attention.head_count_kv', each(kvHeads)],
		['deci.attention.key_length', whole(headDim)],
		['deci.attention.value_length', whole(headDim)],
		['deci.rope.dimension_count', whole(headDim)]
	]);
}
