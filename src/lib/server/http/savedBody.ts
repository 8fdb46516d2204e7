import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { InputError } from '$analysis/errors.ts';
import { BodyTooLargeError } from './answer.ts';
import { isRefusedByKit } from './body.ts';

/** Below the bound of adapter.js, so that it is refused here, with a word. */
const MAX_BUNDLE_BODY_BYTES = 250_000_000;

/** Writes a request's body into a file, piece by piece. Errors: InputError, BodyTooLargeError. */
export async function saveBody(request: Request, file: string): Promise<void> {
	if (request.body === null) throw new InputError('request: empty; expected a file');
	const tooLarge = () =>
		new BodyTooLargeError(
			`the file is too large for a page, which takes ${MAX_BUNDLE_BODY_BYTES / 1e6} MB at most; use the command: spanwise import bundle FILE`
		);
	let bytes = 0;
	const counted = new Transform({
		transform(chunk: Buffer, _encoding, done) {
			bytes += chunk.byteLength;
			// What is too much is read on but not kept: a browser that is cut off in mid-upload never shows the answer.
			done(null, bytes > MAX_BUNDLE_BODY_BYTES ? undefined : chunk);
		}
	});
	try {
		await pipeline(
			Readable.fromWeb(request.body as Parameters<typeof Readable.fromWeb>[0]),
			counted,
			createWriteStream(file, { flags: 'wx', mode: 0o600 })
		);
	} catch (error) {
		if (isRefusedByKit(error)) throw tooLarge();
		throw error;
	}
	if (bytes > MAX_BUNDLE_BODY_BYTES) throw tooLarge();
}
