import { engineLogits } from '../engine/deployLogits.ts';
import { DecoderSession } from '../engine/deploySession.ts';
import { InputError } from '../errors.ts';
import { WeightReader } from '../model/checkpoint/read.ts';
import type { Checkpoint } from '../model/checkpoint/types.ts';
import type { DecoderDtype } from '../graph/decode/weights.ts';
import type { Verification } from './types.ts';

/**
 * Most that a logit may differ, as a fraction of the logits' standard deviation. float32: the order of sums; float16:
 * weights, activations and cache keep 11 bits, and rounding errors of 2⁻¹¹ add up over layers.
 */
const TOLERANCE = { float32: 2e-4, float16: 2e-2 };

/** Tokens read one by one after the first half of the window; the rest is read at once again. */
export const SINGLE_STEPS = 8;

/** Logits that a written model must reproduce: the engine's own of the original, as planned, on one window. */
export interface Expected {
	ids: readonly number[];
	/** [tokens, vocab] */
	logits: Float32Array;
}

/**
 * Runs a written decoder on a window and compares it with the engine's own run of the original as planned,
 * then with itself step by step through the cache. Throws InputError where they disagree.
 */
export async function verifyDecoder(
	file: string,
	{ ids, logits: expected }: Expected,
	dtype: DecoderDtype
): Promise<Verification> {
	const session = await DecoderSession.open(file);
	try {
		const found = await session.read(session.start(1), [ids]);
		const cached = await readInSteps(session, ids);
		const verification: Verification = {
			tokens: ids.length,
			difference: largestDifference(found, expected),
			tolerance: toleranceFor(expected, dtype === 'fp32' ? 'float32' : 'float16'),
			cachedDifference: largestDifference(cached, found),
			largestLogit: largestOf(expected)
		};
		check(verification);
		return verification;
	} finally {
		await session.release();
	}
}

/** Compares what was written, opened again and as it is, with the original as planned. Throws InputError likewise. */
export async function verifyCheckpoint(
	written: Checkpoint,
	{ ids, logits: expected }: Expected
): Promise<Verification> {
	const weights = new WeightReader();
	try {
		const found = await engineLogits(written, weights, ids, {});
		const verification: Verification = {
			tokens: ids.length,
			difference: largestDifference(found, expected),
			tolerance: toleranceFor(expected, 'float32'),
			cachedDifference: null,
			largestLogit: largestOf(expected)
		};
		check(verification);
		return verification;
	} finally {
		await weights.close();
	}
}

/** Most that logits may differ from those `expected`, computed in a type. */
export function toleranceFor(expected: Float32Array, type: keyof typeof TOLERANCE): number {
	return TOLERANCE[type] * deviationOf(expected);
}

/** Standard deviation. */
function deviationOf(values: Float32Array): number {
	const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
	return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

export function largestOf(values: Float32Array): number {
	return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** Logits of a window that is read in steps through the cache. */
export async function readInSteps(
	session: DecoderSession,
	ids: readonly number[]
): Promise<Float32Array> {
	const state = session.start(1);
	const half = Math.ceil(ids.length / 2);
	const logits = new Float32Array(ids.length * session.vocab);
	for (let start = 0; start < ids.length;) {
		const single = start >= half && start < half + SINGLE_STEPS;
		const end = start === 0 ? half : single ? start + 1 : ids.length;
		logits.set(await session.read(state, [ids.slice(start, end)]), start * session.vocab);
		start = end;
	}
	return logits;
}

/** NaN counts as infinitely different. */
export function largestDifference(a: Float32Array, b: Float32Array): number {
	if (a.length !== b.length) return Infinity;
	let largest = 0;
	for (let index = 0; index < a.length; index++) {
		const difference = Math.abs(a[index] - b[index]);
		if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference;
	}
	return largest;
}

/** Throws InputError where differences are larger than allowed. */
export function check({
	difference,
	cachedDifference,
	tolerance,
	cachedTolerance = tolerance
}: Verification): void {
	if (difference > tolerance) {
		throw new InputError(
			`what was written disagrees with what it was made from: logits differ by ${difference.toPrecision(3)}; ${allowed(tolerance)}`
		);
	}
	if (cachedDifference !== null) checkCached(cachedDifference, cachedTolerance);
}

/** Throws InputError where what was written reads otherwise through its cache than at once. */
export function checkCached(difference: number, tolerance: number): void {
	if (difference <= tolerance) return;
	throw new InputError(
		`what was written disagrees with itself when it reads through the cache: logits differ by ${difference.toPrecision(3)}; ${allowed(tolerance)}`
	);
}

function allowed(tolerance: number): string {
	return `at most ${tolerance.toPrecision(2)} is allowed; nothing was written. With --no-verify it is written all the same`;
}
