import * as v from 'valibot';
import { METRICS, VIEWS } from '../similarity/types.ts';
import type { Plan } from './types.ts';

const index = v.pipe(v.number(), v.integer(), v.minValue(0));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const amount = v.pipe(v.number(), v.minValue(0));

const definition = v.object({
	metric: v.picklist(METRICS),
	view: v.picklist(VIEWS),
	headPolicy: v.string(),
	texts: v.array(v.object({ name: v.string(), sha256: v.string(), characters: index })),
	context: count,
	windows: count,
	tokens: count,
	modelHash: v.string(),
	tokenizerHash: v.exactOptional(v.string()),
	version: v.string()
});

const savings = v.object({
	context: count,
	batch: count,
	elementBytes: count,
	followers: index,
	// Plans of versions that did not count what dropped layers save have neither this nor vCache.
	leftOut: v.optional(index, 0),
	kCache: v.object({
		bytes: amount,
		bytesPerToken: amount,
		shareOfK: v.number(),
		shareOfKv: v.number()
	}),
	vCache: v.optional(v.object({ bytes: amount, bytesPerToken: amount }), {
		bytes: 0,
		bytesPerToken: 0
	}),
	parameters: v.object({ count: amount, share: v.number() }),
	prefill: v.object({ flops: amount, share: v.number(), keptBytes: amount }),
	decode: v.object({ bytes: amount, readBytes: amount, share: v.number() })
});

const span = v.object({
	source: index,
	followers: v.pipe(v.array(index), v.minLength(1)),
	headMap: v.union([v.literal('identity'), v.array(v.array(index))]),
	score: v.nullable(v.number())
});

/** A name, never a path: a plan must not make anyone read elsewhere than beside it. */
const repair = v.object({
	file: v.pipe(
		v.string(),
		v.regex(/^[^/\\:]+\.safetensors$/, 'the bare name of a .safetensors file beside the plan')
	),
	sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hex')),
	strength: amount
});

/** The form of plan.json; what one field says of another is checked by `parsePlan`. */
export const planSchema: v.GenericSchema<unknown, Plan> = v.object({
	format: v.literal('spanwise/plan'),
	version: v.literal(1),
	kind: v.literal('attention-weights'),
	model: v.object({
		name: v.string(),
		architecture: v.string(),
		layers: count,
		heads: count,
		kvHeads: count,
		hash: v.string()
	}),
	sources: v.pipe(v.array(v.nullable(index)), v.minLength(1)),
	spans: v.array(span),
	// A plan written by hand need not say how it came about.
	definition: v.optional(v.nullable(definition), null),
	predicted: v.optional(v.nullable(savings), null),
	measured: v.optional(v.nullable(v.record(v.string(), v.unknown())), null),
	repair: v.optional(v.nullable(repair), null),
	createdBy: v.object({ name: v.literal('spanwise'), version: v.string() }),
	createdAt: v.pipe(v.string(), v.isoTimestamp())
});
