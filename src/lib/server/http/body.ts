import type * as v from 'valibot';
import { parseJson } from '$analysis/edge/parseJson.ts';
import { parseUntrusted } from '$analysis/edge/parse.ts';
import { InputError } from '$analysis/errors.ts';
import { BusyError } from '../errors.ts';
import { BodyTooLargeError } from './answer.ts';
import { checkShape, MAX_STRUCTURE_BYTES } from './shape.ts';

/** All texts of one request together: the longest books have about 3 MB, and a window is a few kB of it. */
export const MAX_TEXT_BYTES = 16_000_000; // 16 MB
/** JSON escapes make a text longer: a line end is two bytes, so twice the text and something for the rest. */
export const MAX_BODY_BYTES = 2 * MAX_TEXT_BYTES + 100_000;
/** A request without texts; the largest holds a plan, some 100 kB. */
export const MAX_SMALL_BODY_BYTES = 1_000_000; // 1 MB
/** After this much the connection is cut instead. adapter.js sets adapter-node's own bound to the same. */
const MAX_DRAINED_BYTES = 256_000_000;
/** Bodies with long texts that are held at once, so that slow senders cannot fill the memory. */
const MAX_LARGE_BODIES = 4;

let largeBodies = 0;

/**
 * Reads a JSON body of bounded size and shape and parses it with `schema`. `mostBytes` is for all of it; what of it is no
 * text is bounded besides, by `mostStructure`. Errors: InputError, BodyTooLargeError, BusyError.
 */
export async function readJson<Schema extends v.GenericSchema>(
	request: Request,
	schema: Schema,
	mostBytes = MAX_BODY_BYTES,
	mostStructure = MAX_STRUCTURE_BYTES
): Promise<v.InferOutput<Schema>> {
	const bytes = await readBounded(request, mostBytes);
	checkShape(bytes, mostStructure);
	let text: string;
	try {
		text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
	} catch {
		throw new InputError('request: not UTF-8; allowed: texts in UTF-8');
	}
	return parseUntrusted(schema, parseJson(text, 'request'), 'request');
}

async function readBounded(request: Request, mostBytes: number): Promise<Uint8Array> {
	const chunks: Uint8Array[] = [];
	let length = 0;
	let large = false;
	try {
		for await (const chunk of chunksOf(request, mostBytes)) {
			length += chunk.byteLength;
			// What is too much is read on but not kept: a browser that is cut off in mid-upload never shows the answer.
			if (length > MAX_DRAINED_BYTES) break;
			if (length > mostBytes) {
				chunks.length = 0;
				continue;
			}
			chunks.push(chunk);
			if (large || length <= MAX_SMALL_BODY_BYTES) continue;
			if (largeBodies >= MAX_LARGE_BODIES) {
				throw new BusyError('the server is busy with other long texts; try again in a moment');
			}
			large = true;
			largeBodies += 1;
		}
	} finally {
		if (large) largeBodies -= 1;
	}
	if (length > mostBytes) throw tooLarge(mostBytes);
	return Buffer.concat(chunks, length);
}

async function* chunksOf(request: Request, mostBytes: number): AsyncGenerator<Uint8Array> {
	const reader = request.body?.getReader();
	if (!reader) return;
	try {
		for (;;) {
			const { value, done } = await reader.read();
			if (done) return;
			yield value;
		}
	} catch (error) {
		if (isRefusedByKit(error)) throw tooLarge(mostBytes);
		throw error;
	} finally {
		reader.releaseLock();
	}
}

/** Tests if an error is SvelteKit's, for a body over adapter-node's BODY_SIZE_LIMIT. Its class is not public. */
export function isRefusedByKit(error: unknown): boolean {
	return error instanceof Error && 'status' in error && error.status === 413;
}

function tooLarge(mostBytes: number): BodyTooLargeError {
	return new BodyTooLargeError(
		mostBytes < MAX_BODY_BYTES
			? `request: too long; at most ${mostBytes / 1e6} MB can be sent here`
			: `texts: too long; at most ${MAX_TEXT_BYTES / 1e6} MB can be sent. Use the command for longer ones: spanwise analyze`
	);
}
