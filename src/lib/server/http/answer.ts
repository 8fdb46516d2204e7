import { quoted } from '$analysis/edge/quote.ts';
import { InputError } from '$analysis/errors.ts';
import type { ErrorAnswer } from '$lib/client/api.ts';
import { BusyError, NotFoundError } from '../errors.ts';

const SYSTEM_ERRORS = new Map(
	Object.entries({
		ENOSPC: { status: 507, words: 'the disk is full; free some space and try again' },
		EDQUOT: { status: 507, words: 'the disk quota is used up; free some space and try again' },
		EROFS: {
			status: 507,
			words: 'the workspace is on a read-only disk; choose another with --home'
		},
		EACCES: { status: 507, words: 'the workspace may not be written; choose another with --home' }
	})
);

/** Runs an endpoint; whatever it throws becomes an ErrorAnswer, our own faults with the stack on stderr. */
export async function answering(work: () => Promise<Response> | Response): Promise<Response> {
	try {
		return await work();
	} catch (error) {
		return errorAnswer(error);
	}
}

function errorAnswer(error: unknown): Response {
	if (error instanceof InputError) return refuse(400, error.message);
	if (error instanceof NotFoundError) return refuse(404, error.message);
	if (error instanceof BusyError) return refuse(503, error.message);
	if (error instanceof BodyTooLargeError) return refuse(413, error.message);
	const known = SYSTEM_ERRORS.get(systemCode(error));
	if (known) return refuse(known.status, known.words);
	console.error(error);
	return refuse(500, 'the server failed; details are in its terminal');
}

/** Longest message of an answer; what it repeats of a request may be of any length. */
const MAX_MESSAGE = 1000;

export function refuse(status: number, message: string): Response {
	const answer: ErrorAnswer = { message: quoted(message, MAX_MESSAGE) };
	return Response.json(answer, { status });
}

export class BodyTooLargeError extends Error {
	override name = 'BodyTooLargeError';
}

function systemCode(error: unknown): string {
	return error instanceof Error && 'code' in error && typeof error.code === 'string'
		? error.code
		: '';
}
