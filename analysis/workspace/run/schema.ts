import * as v from 'valibot';
import { METRICS, VIEWS } from '../../similarity/types.ts';
import { telemetrySchema } from '../../telemetry/schema.ts';
import type { RunRecord, RunWindows } from './types.ts';

const index = v.pipe(v.number(), v.integer(), v.minValue(0));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const finite = v.pipe(v.number(), v.finite());
const seconds = v.pipe(v.number(), v.finite(), v.minValue(0));

const model = v.object({
	name: v.string(),
	folder: v.string(),
	hash: v.string(),
	tokenizerHash: v.exactOptional(v.string()),
	architecture: v.string(),
	layers: count,
	heads: count,
	kvHeads: count,
	headDim: count,
	hidden: count,
	intermediate: count,
	vocab: count,
	maxPositions: count,
	reach: v.array(v.nullable(count)),
	qkvBias: v.boolean(),
	// Not in runs of earlier versions.
	outputBias: v.optional(v.boolean(), false),
	qkNorm: v.boolean(),
	qkNormWeights: v.exactOptional(count),
	onlyTorch: v.exactOptional(v.string()),
	parameters: count,
	bytes: count,
	dtype: v.string()
});

/** The form of run.json. */
export const runSchema: v.GenericSchema<unknown, RunRecord> = v.object({
	format: v.literal('spanwise/run'),
	version: v.literal(1),
	id: v.string(),
	status: v.literal('complete'),
	createdAt: v.pipe(v.string(), v.isoTimestamp()),
	spanwise: v.string(),
	model,
	texts: v.array(v.object({ name: v.string(), sha256: v.string(), characters: index })),
	context: count,
	windows: v.pipe(
		v.array(v.object({ document: index, start: index, tokens: count })),
		v.minLength(1)
	),
	shards: v.exactOptional(v.array(count)),
	tokens: count,
	bos: v.boolean(),
	metrics: v.array(v.picklist(METRICS)),
	views: v.array(v.picklist(VIEWS)),
	jsRows: v.union([count, v.literal('all')]),
	profile: v.object({
		queriesPerWindow: index,
		entropyNats: v.array(finite),
		firstTokenMass: v.array(finite)
	}),
	loss: finite,
	recall: v.exactOptional(v.object({ loss: finite, windows: count })),
	induction: v.exactOptional(v.array(v.array(finite))),
	files: v.record(v.string(), v.object({ dtype: v.literal('float64'), shape: v.array(index) })),
	engine: v.exactOptional(
		v.object({
			name: v.picklist(['onnxruntime', 'torch']),
			path: v.picklist(['resident', 'streamed', 'chunked']),
			device: v.string(),
			dtype: v.picklist(['float32', 'bfloat16', 'float16'])
		})
	),
	timings: v.array(v.object({ stage: v.string(), seconds })),
	seconds,
	peakRssBytes: index,
	telemetry: v.exactOptional(telemetrySchema),
	notes: v.array(v.string()),
	command: v.string(),
	sha256: v.exactOptional(v.record(v.string(), v.string())),
	checksum: v.exactOptional(v.string())
});

/** The form of windows.json. */
export const windowsSchema: v.GenericSchema<unknown, RunWindows> = v.object({
	windows: v.array(v.object({ ids: v.array(index), pieces: v.array(v.string()) }))
});
