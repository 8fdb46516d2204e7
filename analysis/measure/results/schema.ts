import * as v from 'valibot';
import { parseOrNull } from '../../edge/parse.ts';
import { telemetrySchema } from '../../telemetry/schema.ts';
import type { StoredResult } from './types.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** Figures that are shown at once; what lies deeper is taken as it was written. */
const report = <Entries extends v.ObjectEntries>(entries: Entries) => v.looseObject(entries);
const list = v.array(v.unknown());

const damage = report({
	report: report({ baseline: report({ loss: v.number() }), drop: list, pairs: list, spans: list }),
	drops: list
});

const evaluation = report({
	report: report({
		baseline: report({ loss: v.number() }),
		shared: report({ loss: v.number() }),
		delta: report({
			loss: v.number(),
			low: v.nullable(v.number()),
			high: v.nullable(v.number())
		}),
		agreement: v.number(),
		windows: list,
		gates: v.nullable(report({ verdict: v.picklist(['pass', 'fail', 'inconclusive']) }))
	})
});

const search = report({
	report: report({
		verdict: report({ sentence: v.string() }),
		plans: v.array(report({ plan: report({}) })),
		front: list
	})
});

const spread = v.object({ median: v.number(), q25: v.number(), q75: v.number() });
const side = report({
	firstTokenSeconds: spread,
	tokensPerSecond: spread,
	peakRssBytes: v.number()
});

const bench = report({
	setting: report({ prompt: count, generate: count, batch: count, repeats: count }),
	baseline: side,
	planned: side,
	ratio: report({
		firstTokenSeconds: spread,
		tokensPerSecond: spread,
		peakRss: v.number(),
		cacheBytesPerToken: v.number()
	}),
	predicted: report({})
});

const planned = report({ sources: v.array(v.nullable(count)) });

const result = v.variant('kind', [
	v.object({ kind: v.literal('damage'), damage }),
	v.object({
		kind: v.literal('evaluate'),
		plan: planned,
		evaluation
	}),
	v.object({ kind: v.literal('search'), search }),
	v.object({ kind: v.literal('bench'), plan: planned, bench })
]);

/** The form of result.json. The figures are those of the version that made them, and only lightly looked at. */
export const resultSchema: v.GenericSchema<unknown, StoredResult> = v.object({
	format: v.literal('spanwise/result'),
	version: v.literal(1),
	id: v.string(),
	createdAt: v.pipe(v.string(), v.isoTimestamp()),
	spanwise: v.string(),
	model: v.object({
		name: v.string(),
		hash: v.string(),
		tokenizerHash: v.exactOptional(v.string())
	}),
	texts: v.array(v.object({ name: v.string(), sha256: v.string(), characters: count })),
	context: count,
	windows: count,
	command: v.string(),
	telemetry: v.nullable(telemetrySchema),
	result: v.custom<StoredResult['result']>(
		(value) => parseOrNull(result, value) !== null,
		({ received }) =>
			`found ${received}; expected the figures of a damage map, an evaluation, a search or a bench`
	),
	checksum: v.exactOptional(v.string())
});
