import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { parseJson } from '../edge/parseJson.ts';
import { parseUntrusted } from '../edge/parse.ts';
import { companionEnvironment, whyPythonFailed } from '../engine/companion.ts';
import { DecoderSession } from '../engine/deploySession.ts';
import { pythonOf } from '../engine/torchSettings.ts';
import { checkFinite } from '../finite.ts';
import { weightsFile } from '../graph/decode/weights.ts';
import { SUBFOLDER } from '../model/onnx/locate.ts';
import { InputError } from '../errors.ts';
import { modelFile } from './onnx.ts';
import type { Rounding } from './types.ts';
import {
	checkCached,
	largestDifference,
	readInSteps,
	toleranceFor,
	type Expected
} from './verify.ts';

export const ROUNDED_WEIGHTS = ['int8', 'int4'] as const;
export type RoundedWeights = (typeof ROUNDED_WEIGHTS)[number];

/** Names of the types in transformers.js, which file names contain too. */
export const RUNTIME_NAMES: Record<RoundedWeights, string> = { int8: 'int8', int4: 'q4' };
const BITS: Record<RoundedWeights, string> = { int8: '8', int4: '4' };

const run = promisify(execFile);
const answer = v.object({ products: v.number(), version: v.string() });

/** Returns the path of the graph of a decoder with rounded weights, relative to its folder. */
export function roundedFile(weights: RoundedWeights): string {
	return join(SUBFOLDER, `model_${RUNTIME_NAMES[weights]}.onnx`);
}

/**
 * Replaces the float32 decoder in a folder by one whose products have weights of 8 or 4 bits (MatMulNBits), by onnxruntime's
 * own quantizer. Returns the names of its files. Throws InputError where the Python has no onnxruntime.
 */
export async function roundWeights(folder: string, weights: RoundedWeights): Promise<string[]> {
	const python = pythonOf(process.env);
	const [from, to] = [modelFile('fp32'), roundedFile(weights)];
	let stdout: string;
	try {
		({ stdout } = await run(
			python,
			['-m', 'spanwise.round_weights', join(folder, from), join(folder, to), BITS[weights]],
			{ env: companionEnvironment() }
		));
	} catch (error) {
		throw notRounded(python, error);
	}
	const where = 'the answer of onnxruntime’s quantizer';
	const { products } = parseUntrusted(answer, parseJson(stdout, where), where);
	if (products === 0) throw new Error('no product was rounded');
	const data = join(SUBFOLDER, weightsFile('fp32'));
	for (const name of [from, data]) await rm(join(folder, name));
	return [to, `${to}_data`];
}

function notRounded(python: string, error: unknown): InputError {
	const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
	return new InputError(
		`${python}: cannot round weights: ${whyPythonFailed(said)}. It takes a Python with onnxruntime, onnx and onnx-ir, named by --python or ` +
			`SPANWISE_PYTHON: ${python} -m pip install onnxruntime onnx onnx-ir`
	);
}

/**
 * Measures the effect of rounding on a window: the loss of the model as planned in float32 and as written, and the
 * largest difference of a logit. Throws InputError where the written decoder, reading through its cache, disagrees
 * with itself.
 */
export async function measureRounding(
	file: string,
	{ ids, logits: exact }: Expected
): Promise<Rounding> {
	const session = await DecoderSession.open(file);
	try {
		const rounded = await session.read(session.start(1), [ids]);
		checkFinite(rounded, file, 'window 0: a logit');
		const cached = largestDifference(await readInSteps(session, ids), rounded);
		checkCached(cached, toleranceFor(rounded, 'float32'));
		const { vocab } = session;
		return {
			tokens: ids.length,
			loss: lossOf(exact, ids, vocab),
			roundedLoss: lossOf(rounded, ids, vocab),
			difference: largestDifference(rounded, exact),
			cachedDifference: cached
		};
	} finally {
		await session.release();
	}
}

/** Mean cross-entropy of the tokens after the first, nats/token, of logits [tokens, vocab]. */
function lossOf(logits: Float32Array, ids: readonly number[], vocab: number): number {
	const losses = ids.slice(1).map((id, place) => {
		const row = logits.subarray(place * vocab, (place + 1) * vocab);
		const largest = row.reduce((most, value) => Math.max(most, value), -Infinity);
		const sum = row.reduce((total, value) => total + Math.exp(value - largest), 0);
		return largest + Math.log(sum) - row[id];
	});
	return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}
