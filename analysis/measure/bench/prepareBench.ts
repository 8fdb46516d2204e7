import { fromBinary } from '@bufbuild/protobuf';
import { requirePlan } from '../../engine/checkPlan.ts';
import { operationsPerSecond } from '../../engine/speed.ts';
import type { Estimate } from '../../engine/estimate.ts';
import type { DecoderNames } from '../../engine/deploySession.ts';
import type { ModelConfig } from '../../model/checkpoint/types.ts';
import { InputError } from '../../errors.ts';
import { decoderGraph } from '../../graph/decode/decoder.ts';
import { DECODER_DTYPE_BYTES, type DecoderDtype } from '../../graph/decode/weights.ts';
import { ModelProtoSchema } from '../../proto/onnx_pb.ts';
import { onnxFacts } from '../../model/onnx/facts.ts';
import { requireDecoder } from '../../model/checkpoint/writable.ts';
import type { CheckpointModel, Model, OnnxFileModel } from '../../model/open.ts';
import { sessionWeightBytes } from '../../model/onnx/weights.ts';
import { checkBenchSetting } from './bench.ts';
import { onnxDecoderNames } from './benchOnnx.ts';
import {
	benchSeconds,
	checkMemory,
	roundsOf,
	tokensOfRound,
	type BenchMemory,
	type BenchSeconds,
	type SideFacts
} from './benchForecast.ts';
import type { BenchRequest, BenchSetting } from './benchTypes.ts';
import { prepareCost, type PreparedCost } from './cost.ts';

/** Loading node and onnxruntime, in three processes. */
const FIXED_SECONDS = 2;

/** Facts, sizes and costs of a bench, known before anything is written. */
export interface PreparedBench extends SideFacts, BenchMemory {
	setting: BenchSetting;
	/** Measurement of the plan's cost, prepared. */
	cost: PreparedCost;
	/** The user's own ONNX model, which is the baseline; null: of a checkpoint, whose baseline is written. */
	onnx: { file: string; names: DecoderNames } | null;
	/** Type that a checkpoint is written in, or that an ONNX model has. */
	dtype: string;
	/** Models that are written. */
	written: number;
	/** Most bytes of what is written. */
	scratchBytes: number;
}

/**
 * Checks that the model can be run as planned and deployed, and counts what a bench of it takes, without
 * writing or running anything. Throws InputError for whatever is wrong with model, plan or setting, and where the
 * memory limit is too low.
 */
export async function prepareBench(model: Model, request: BenchRequest): Promise<PreparedBench> {
	const { prompt, generate, batch, repeats } = request;
	const setting = { prompt, generate, batch, repeats };
	requireDtype(model, request);
	requirePlan(model, request.plan, 'write and compare');
	const side =
		model.form === 'onnx' ? onnxSide(model, setting) : checkpointSide(model, request, setting);
	const memory = checkMemory(side, setting, request.memoryLimitBytes);
	return { ...side, setting, ...memory, cost: await prepareCost(model, request) };
}

type Side = Omit<PreparedBench, 'setting' | 'cost' | keyof BenchMemory>;

function checkpointSide(
	{ name, facts, checkpoint }: CheckpointModel,
	request: BenchRequest,
	setting: BenchSetting
): Side {
	const { config } = checkpoint;
	requireDecoder(name, config);
	checkBenchSetting(setting, config);
	const dtype = request.dtype ?? 'fp32';
	const { fileBytes, weightBytes } = decoderBytes(config, dtype);
	return {
		name,
		facts,
		fileBytes,
		weightBytes,
		type: dtype === 'fp32' ? 'float32' : 'float16',
		elementBytes: DECODER_DTYPE_BYTES[dtype],
		onnx: null,
		dtype,
		written: 2,
		scratchBytes: 2 * fileBytes
	};
}

/** Bytes of a checkpoint's weights as they are written and run; a plan adds no more than its mean outputs. */
function decoderBytes(
	config: ModelConfig,
	dtype: DecoderDtype
): Pick<SideFacts, 'fileBytes' | 'weightBytes'> {
	const sources = Array.from({ length: config.layers }, (_, layer) => layer);
	const headMaps = sources.map(() => null);
	const none = new Set<number>();
	const spec = { config, dtype, sources, headMaps, refitted: none, biased: none };
	const { model, weights } = decoderGraph(spec);
	const fileBytes = weights.reduce(
		(most, { offset, length }) => Math.max(most, offset + length),
		model.length
	);
	const { graph } = fromBinary(ModelProtoSchema, model);
	return { fileBytes, weightBytes: graph === undefined ? 0 : sessionWeightBytes(graph) };
}

/** Throws InputError where a type is asked for of an ONNX model, which keeps its own. */
function requireDtype({ form, path }: Model, { dtype }: BenchRequest): void {
	if (form !== 'onnx' || dtype === null) return;
	throw new InputError(
		`${path}: --dtype does not apply to ONNX models, which keep their dtypes; remove it`
	);
}

function onnxSide({ name, found }: OnnxFileModel, setting: BenchSetting): Side {
	const { onnx } = found;
	const facts = onnxFacts(found);
	const { names, elementBytes } = onnxDecoderNames(found, facts, setting.batch);
	checkBenchSetting(setting, facts);
	return {
		name,
		facts,
		fileBytes: onnx.bytes,
		weightBytes: sessionWeightBytes(onnx.graph),
		type: facts.dtype,
		elementBytes,
		onnx: { file: onnx.file, names },
		dtype: facts.dtype,
		written: 1,
		scratchBytes: onnx.bytes
	};
}

/** Seconds of a bench's parts, and whether the speed that they follow from was measured. */
export async function secondsOfBench(
	prepared: PreparedBench,
	home: string
): Promise<BenchSeconds & { cost: number; total: number; from: Estimate['secondsFrom'] }> {
	const { rate, from } = await operationsPerSecond(home);
	const seconds = benchSeconds(prepared, prepared.setting, rate);
	const cost = prepared.cost.work / rate;
	const total =
		prepared.written * seconds.write + roundsOf(prepared.setting) * seconds.round + cost;
	return { ...seconds, cost, total, from };
}

/** Estimates the time and memory of a prepared bench. */
export async function estimateOfBench(prepared: PreparedBench, home: string): Promise<Estimate> {
	const { setting, memoryLimitBytes, cost } = prepared;
	const { total, from } = await secondsOfBench(prepared, home);
	return {
		// One after the other.
		memoryBytes: Math.max(prepared.memoryBytes, cost.memoryBytes),
		memoryLimitBytes,
		seconds: FIXED_SECONDS + total,
		secondsFrom: from,
		context: setting.prompt,
		windows: setting.repeats,
		windowsPerGroup: 1,
		tokens: roundsOf(setting) * tokensOfRound(setting) + cost.tokens,
		notes: cost.notes
	};
}
