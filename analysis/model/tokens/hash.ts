import { createHash } from 'node:crypto';
import { MAX_TOKENIZER_BYTES, readBytes } from '../../edge/json.ts';

/** The hash that cards and results have of a tokenizer: SHA-256 of tokenizer.json. Throws InputError as `readBytes`. */
export async function tokenizerHash(file: string): Promise<string> {
	return sha256Of(await readBytes(file, MAX_TOKENIZER_BYTES));
}

export function sha256Of(bytes: Uint8Array): string {
	return createHash('sha256').update(bytes).digest('hex');
}
