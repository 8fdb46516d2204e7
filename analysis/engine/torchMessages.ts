/** Answers of the Python worker, and the numbers in them; see python/spanwise/protocol.py. */
import * as v from 'valibot';
import { readBytes } from '../edge/json.ts';
import { boundedArray } from '../edge/parse.ts';
import { InputError } from '../errors.ts';

const index = v.pipe(v.number(), v.integer(), v.minValue(0));
const finite = v.pipe(v.number(), v.finite());
const shape = boundedArray(index, 8);
const indices = boundedArray(index, 100_000);

export const inlineArray = v.object({ base64: v.string(), shape });
export const fileArray = v.object({ file: v.string(), shape });

/** Use of memory and CPU by the worker's processes at the moment. */
const use = v.optional(
	v.object({
		rssBytes: v.pipe(v.number(), v.finite(), v.minValue(0)),
		cpuSeconds: v.pipe(v.number(), v.finite(), v.minValue(0))
	})
);

/** One line of the worker. */
export const message = v.variant('type', [
	v.object({
		type: v.literal('ready'),
		spanwise: v.string(),
		torch: v.string(),
		transformers: v.string(),
		devices: boundedArray(v.string(), 1024),
		/** Names of the GPUs, by device. */
		names: v.optional(v.record(v.string(), v.string()), {})
	}),
	v.object({
		type: v.literal('progress'),
		stage: v.string(),
		done: finite,
		total: finite,
		use
	}),
	v.looseObject({ type: v.literal('part'), id: index }),
	v.object({ type: v.literal('result'), id: index, result: v.unknown(), use }),
	v.object({
		type: v.literal('error'),
		kind: v.picklist(['input', 'cancelled', 'internal']),
		message: v.string()
	})
]);
export type TorchMessage = v.InferOutput<typeof message>;
/** First message of a worker. */
export type TorchReady = Extract<TorchMessage, { type: 'ready' }>;

/** The answer to `open`. */
export const modelFacts = v.object({
	architecture: v.string(),
	layers: index,
	heads: index,
	kvHeads: index,
	/** By layer, keys that a query sees at most; null: all before it. */
	slidingWindows: boundedArray(v.nullable(index), 4096),
	device: v.string(),
	dtype: v.picklist(['float32', 'bfloat16', 'float16'])
});
export type TorchFacts = v.InferOutput<typeof modelFacts>;

export const captured = v.object({
	files: v.record(v.string(), fileArray),
	nll: inlineArray,
	profile: v.object({
		queriesPerWindow: index,
		entropyNats: boundedArray(finite, 4096),
		firstTokenMass: boundedArray(finite, 4096)
	})
});

/** `layers`: how many were run of each window. */
export const lossPart = v.object({
	plan: index,
	windows: indices,
	nll: inlineArray,
	layers: index
});

const bothVariants = v.object({ baseline: finite, planned: finite });
export const comparisonPart = v.object({
	windows: indices,
	comparison: inlineArray,
	seconds: bothVariants,
	cpuSeconds: bothVariants
});

/** Losses of all candidates of all questions of the windows, in order. */
export const answersPart = v.object({
	windows: indices,
	losses: v.object({ baseline: inlineArray, planned: inlineArray })
});

export const outputErrors = v.object({
	apart: v.array(v.array(finite)),
	own: v.array(v.array(finite))
});

export const turned = boundedArray(finite, 4096);

export const induction = v.array(v.array(finite));

export const tokenMaps = v.object({ maps: fileArray });

/** Logits by transformers of a folder that was written for it; `cached`: their largest difference through the cache. */
export const plannedLogits = v.object({ logits: fileArray, cached: finite, version: v.string() });

export const repairs = v.array(
	v.array(
		v.object({
			layer: index,
			projection: v.optional(fileArray),
			mean: v.optional(fileArray)
		})
	)
);

/** Numbers of an answer's line. Throws InputError where they are not as many as its shape says. */
export function inlineNumbers({ base64, shape }: v.InferOutput<typeof inlineArray>): Float64Array {
	return numbersOf(Buffer.from(base64, 'base64'), shape, 'an answer of the Python worker');
}

/** Numbers of a file that the worker wrote. Throws InputError likewise. */
export async function fileNumbers({
	file,
	shape
}: v.InferOutput<typeof fileArray>): Promise<Float64Array<ArrayBuffer>> {
	return numbersOf(await readBytes(file, countOf(shape) * 8), shape, file);
}

function countOf(shape: readonly number[]): number {
	return shape.reduce((product, size) => product * size, 1);
}

function numbersOf(
	bytes: Buffer,
	shape: readonly number[],
	where: string
): Float64Array<ArrayBuffer> {
	if (bytes.byteLength !== countOf(shape) * 8) {
		throw new InputError(
			`${where}: ${bytes.byteLength} bytes; expected ${countOf(shape) * 8} (${shape.join(' × ')} numbers)`
		);
	}
	// A copy, whose bytes begin at a multiple of 8.
	return new Float64Array(Uint8Array.from(bytes).buffer);
}
