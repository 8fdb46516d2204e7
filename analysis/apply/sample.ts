import type { ModelConfig } from '../model/checkpoint/types.ts';
import { join } from 'node:path';
import { exists } from '../model/checkpoint/files.ts';
import { TOKENIZER } from '../model/checkpoint/tokenizer.ts';
import { loadTokenizer } from '../model/tokens/tokenizer.ts';

/** Enough for sliding windows and caches to matter, short enough for a model of any size. */
const SAMPLE_TOKENS = 64;

export const SAMPLE_TEXT =
	'The harbour lay quiet that morning. Two boats had come in before sunrise, and their crews were still ' +
	'carrying the nets up the stone steps, counting aloud so that nobody would have to count twice. A boy of ' +
	'nine or ten sat on the wall above them and wrote the numbers down: 14, 27, 31. When the last net was dry ' +
	'he would be paid, and he knew already what the money was for.';

/** A window on which a written model is compared with the engine; without a tokenizer, ids spread over the vocabulary. */
export async function sampleIds(folder: string, config: ModelConfig): Promise<number[]> {
	const count = Math.min(SAMPLE_TOKENS, config.maxPositions);
	const spread = Array.from({ length: count }, (_, at) => (at * 7919 + 13) % config.vocab);
	if (!(await exists(join(folder, TOKENIZER)))) return spread;
	const tokenizer = await loadTokenizer(folder, config);
	const bos = tokenizer.bosId === null ? [] : [tokenizer.bosId];
	const { ids } = await tokenizer.encode(SAMPLE_TEXT);
	return [...bos, ...ids].slice(0, count);
}
