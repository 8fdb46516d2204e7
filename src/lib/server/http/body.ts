import { isHttpError } from '@sveltejs/kit';
import * as v from 'valibot';
import { InputError } from '$analysis/errors.ts';
import { BodyTooLargeError } from './answer.ts';

/** All texts of one request together: the longest books have about 3 MB, and a window is a few kB of it. */
export const MAX_TEXT_BYTES = 16_000_000; // 16 MB
/** JSON escapes make a text longer: a line end is two bytes, so twice the text and something for the rest. */
export const MAX_BODY_BYTES = 2 * MAX_TEXT_BYTES + 100_000;
/** After this much the connection is cut instead. adapter.js sets adapter-node's own bound to the same. */
const MAX_DRAINED_BYTES = 256_000_000;

/** Reads a JSON body of bounded size and parses it with `schema`. Errors: InputError, BodyTooLargeError. */
export async function readJson<Schema extends v.GenericSchema>(
	request: Request,
	schema: Schema
): Promise<v.InferOutput<Schema>> {
	let value: unknown;
	const bytes = await readBounded(request);
	let text: string;
	try {
		text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
	} catch {
		throw new InputError('request: not UTF-8; allowed: texts in UTF-8');
	}
	try {
		value = JSON.parse(text);
	} catch {
		throw new InputError('request: not JSON');
	}
	return parseInput(schema, value, 'request');
}

/** Parses what the browser sent; the first problem becomes one line. */
export function parseInput<Schema extends v.GenericSchema>(
	schema: Schema,
	value: unknown,
	what: string
): v.InferOutput<Schema> {
	const result = v.safeParse(schema, value);
	if (result.success) return result.output;
	const issue = result.issues[0];
	const path = v.getDotPath(issue);
	throw new InputError(`${what}${path === null ? '' : `, ${path}`}: ${issue.message}`);
}

async function readBounded(request: Request): Promise<Uint8Array> {
	const chunks: Uint8Array[] = [];
	let length = 0;
	for await (const chunk of chunksOf(request)) {
		length += chunk.byteLength;
		// What is too much is read on but not kept: a browser that is cut off in mid-upload never shows the answer.
		if (length > MAX_DRAINED_BYTES) break;
		if (length <= MAX_BODY_BYTES) chunks.push(chunk);
		else chunks.length = 0;
	}
	if (length > MAX_BODY_BYTES) throw tooLarge();
	return Buffer.concat(chunks, length);
}

async function* chunksOf(request: Request): AsyncGenerator<Uint8Array> {
	const reader = request.body?.getReader();
	if (!reader) return;
	try {
		for (;;) {
			const { value, done } = await reader.read();
			if (done) return;
			yield value;
		}
	} catch (error) {
		// adapter-node's own bound, BODY_SIZE_LIMIT.
		if (isHttpError(error, 413)) throw tooLarge();
		throw error;
	} finally {
		reader.releaseLock();
	}
}

function tooLarge(): BodyTooLargeError {
	return new BodyTooLargeError(
		`texts: too long; at most ${MAX_TEXT_BYTES / 1e6} MB can be sent. Use the command for longer ones: spanwise analyze`
	);
}
