import { open } from 'node:fs/promises';

export const TOKENS_KEY = 'tokenizer.ggml.tokens';

/** A list of texts, as the format numbers its types. */
const ARRAY = 9;
const STRING = 8;

/**
 * The texts under `tokenizer.ggml.tokens` in a GGUF file's first `headerBytes` bytes; null: the file has none.
 * `@huggingface/gguf` 0.4 reads them too, but loses a byte-order mark that a token begins with, so that two tokens of
 * SentencePiece vocabularies become one.
 */
export async function readTokens(file: string, headerBytes: number): Promise<string[] | null> {
	const header = await start(file, headerBytes);
	const text = Buffer.from(TOKENS_KEY);
	const head = Buffer.alloc(8 + text.length + 4 + 4);
	head.writeBigUInt64LE(BigInt(text.length));
	text.copy(head, 8);
	head.writeUInt32LE(ARRAY, 8 + text.length);
	head.writeUInt32LE(STRING, 12 + text.length);
	const found = header.indexOf(head);
	if (found === -1) return null;
	let at = found + head.length;
	const length = (): number => {
		const value = Number(header.readBigUInt64LE(at));
		at += 8;
		return value;
	};
	const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
	return Array.from({ length: length() }, () => {
		const bytes = length();
		at += bytes;
		return decoder.decode(header.subarray(at - bytes, at));
	});
}

async function start(file: string, bytes: number): Promise<Buffer> {
	const handle = await open(file);
	try {
		const read = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
		return read.buffer.subarray(0, read.bytesRead);
	} finally {
		await handle.close();
	}
}
