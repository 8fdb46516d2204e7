import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requirePlan } from '../engine/checkPlan.ts';
import { engineLogits } from '../engine/deployLogits.ts';
import type { PlannedLayers } from '../engine/forward.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { openGguf } from '../model/gguf/open.ts';
import type { ModelConfig } from '../model/checkpoint/types.ts';
import type { CheckpointModel, Model } from '../model/open.ts';
import { InputError } from '../errors.ts';
import { RECORD_FILE } from '../model/onnx/writtenPlan.ts';
import { planMatches } from '../plan/planFile.ts';
import { checkNewFolder, writeModelFolder } from '../workspace/wholeFolder.ts';
import { checkTokenizer } from './gguf/checkTokenizer.ts';
import { GGUF_FILE, writeGgufModel } from './gguf/write.ts';
import { modelFile, writeCompanions, writeOnnx } from './onnx.ts';
import { deployOnnxModel } from './onnxModel.ts';
import { plannedLayers } from './planned.ts';
import { recordOf } from './record.ts';
import { modelCard } from './card.ts';
import { measureRounding, roundedFile, roundWeights, RUNTIME_NAMES } from './roundWeights.ts';
import { writeCheckpoint } from './safetensors.ts';
import { requireTarget } from './targets.ts';
import { verifyByTransformers, type TransformersRun } from './transformers.ts';
import { sampleIds } from './sample.ts';
import type { DeployRecord, DeployRequest, Rounding, Verification } from './types.ts';
import { verifyCheckpoint, verifyDecoder, type Expected } from './verify.ts';

export const CARD_FILE = 'README.md';

/** Stage of the writing, for a progress display. */
export type DeployStage = 'writing' | 'verifying' | 'rounding' | 'hashing';

/** A model that was written. */
export interface Deployed {
	record: DeployRecord;
	/** The plan was made for other weights; null: for these, or no plan. */
	warning: string | null;
	/** Ways in which the result differs from what one might expect, with reasons; one line each. */
	notes: string[];
}

/** Inputs of the steps that fill a folder. */
interface Work {
	request: DeployRequest;
	model: CheckpointModel;
	planned: Required<PlannedLayers>;
	onProgress: (stage: DeployStage, fraction: number) => void;
}

/**
 * Writes a model with a plan applied, whole or not at all: weights in a stream, one matrix in memory at a time.
 * Unless told otherwise it is run on a short window and compared with the engine; where they disagree, Error is
 * thrown and nothing is left. Throws InputError where model, plan or folder are at fault.
 */
export async function deployModel(
	model: Model,
	request: DeployRequest,
	onProgress: Work['onProgress']
): Promise<Deployed> {
	if (model.form === 'onnx' && request.weights) {
		throw new InputError(
			`--weights ${request.weights}: an ONNX model keeps its weights; round it with onnxruntime's own quantizer, or name its checkpoint`
		);
	}
	if (model.form === 'onnx') return deployOnnxModel(model, request, onProgress);
	const dtype = request.dtype ?? (request.target === 'onnx' ? 'fp32' : null);
	return deployCheckpoint(model, { ...request, dtype }, onProgress);
}

async function deployCheckpoint(
	model: CheckpointModel,
	request: DeployRequest,
	onProgress: Work['onProgress']
): Promise<Deployed> {
	const { checkpoint, reader, name } = model;
	const { config } = checkpoint;
	const { layers } = config;
	if (request.plan !== null) requirePlan(model, request.plan, 'write and compare');
	const planned = await plannedLayers(request.plan, request.planFolder, checkpoint, reader);
	await requireTarget(model, request.target, planned);
	requireSuited(request);
	await checkNewFolder(request.out);
	const work = { request, model, planned, onProgress };
	return writeModelFolder(request.out, request.home, async (folder) => {
		const names = await write(folder, work);
		const expected = request.verify ? await runOriginal(work) : null;
		const { verified, byTransformers } =
			expected === null
				? { verified: null, byTransformers: null }
				: await verify(folder, work, expected);
		const rounding = await finishDecoder(folder, names, work, expected);
		onProgress('hashing', 0);
		const hash = await model.hash(request.home);
		if (request.target === 'transformers' && request.plan !== null) {
			const { plan, command, out } = request;
			const card = modelCard(model, { plan, hash, command, out });
			await writeFile(join(folder, CARD_FILE), card);
			names.push(CARD_FILE);
		}
		const { sources } = planned;
		const facts = { name, architecture: config.architecture, layers };
		const padding = request.target === 'onnx' ? 'either' : null;
		const transformers = byTransformers?.found ?? null;
		const made = {
			model: facts,
			hash,
			sources,
			padding,
			verified,
			transformers,
			rounding
		} as const;
		const record = await recordOf(folder, names, request, made);
		await writeFile(join(folder, RECORD_FILE), `${JSON.stringify(record, null, 2)}\n`);
		const warning =
			request.plan === null ? null : planMatches(request.plan, { name, layers, hash });
		const missed = byTransformers?.missed ?? null;
		const notes = [
			...checkpoint.notes,
			...widenedNotes(config, request),
			...(missed === null ? [] : [missed])
		];
		return { record, warning, notes };
	});
}

/** Throws InputError for what a target does not take. */
function requireSuited({
	target,
	plan,
	dtype,
	weights
}: Pick<DeployRequest, 'target' | 'plan' | 'dtype' | 'weights'>): void {
	if (target !== 'onnx' && weights) {
		throw new InputError(`--weights ${weights}: only --to onnx rounds weights; remove it`);
	}
	if (weights && dtype === 'fp16') {
		throw new InputError(
			`--weights ${weights} with --dtype fp16: activations and cache stay float32 beside rounded weights; remove --dtype`
		);
	}
	if (target === 'onnx') return;
	if (plan === null) {
		throw new InputError(
			target === 'gguf'
				? "--to gguf needs --plan: llama.cpp's own converter writes a model without a plan"
				: '--to transformers needs --plan: without one the output would equal the input checkpoint'
		);
	}
	if (dtype !== null) {
		throw new InputError(`--dtype ${dtype}: --to ${target} keeps every tensor's type; remove it`);
	}
}

/** Returns a note that quantised weights are widened, since they are not quantised again; [] for other models. */
function widenedNotes(
	{ quantisation, dtype }: ModelConfig,
	request: Pick<DeployRequest, 'target' | 'dtype'>
): string[] {
	if (quantisation === null) return [];
	return [
		request.target === 'onnx'
			? `weights that were ${dtype} are written as ${request.dtype ?? 'fp32'}`
			: `weights that were ${dtype} are written as float32, which takes more space; embeddings, norms and biases keep their types`
	];
}

async function write(folder: string, work: Work): Promise<string[]> {
	const { request, planned } = work;
	const { checkpoint, reader } = work.model;
	const { target, dtype, plan } = request;
	const onFraction = (fraction: number) => work.onProgress('writing', fraction);
	if (target === 'onnx') {
		return writeOnnx(folder, checkpoint, reader, planned, dtype ?? 'fp32', onFraction);
	}
	if (target === 'gguf') return writeGgufModel(folder, work.model, planned, onFraction);
	if (plan === null) throw new Error('a plan is required before the writing begins');
	return writeCheckpoint(folder, checkpoint, reader, plan, planned, onFraction);
}

/**
 * Rounds the weights of an ONNX decoder that was verified, where that is asked for, and puts beside it what runtimes need;
 * `names`, the files so far, are brought up to date. Returns what rounding does; null: nothing was rounded, or not asked.
 */
async function finishDecoder(
	folder: string,
	names: string[],
	work: Work,
	expected: Expected | null
): Promise<Rounding | null> {
	const { request, planned, onProgress } = work;
	const { checkpoint } = work.model;
	if (request.target !== 'onnx') return null;
	const weights = request.weights ?? null;
	const dtype = request.dtype ?? 'fp32';
	if (weights === null) {
		const written = { file: modelFile(dtype), runtimeType: dtype };
		names.push(...(await writeCompanions(folder, checkpoint, planned, written)));
		return null;
	}
	onProgress('rounding', 0);
	names.splice(0, names.length, ...(await roundWeights(folder, weights)));
	const written = { file: roundedFile(weights), runtimeType: RUNTIME_NAMES[weights] };
	names.push(...(await writeCompanions(folder, checkpoint, planned, written)));
	return expected === null ? null : measureRounding(join(folder, written.file), expected);
}

/** Computes the logits of the engine's own run of the model as planned, on a short window. */
async function runOriginal({ model, planned, onProgress }: Work): Promise<Expected> {
	const { checkpoint, reader } = model;
	onProgress('verifying', 0);
	const ids = await sampleIds(checkpoint.folder, checkpoint.config);
	return { ids, logits: await engineLogits(checkpoint, reader, ids, planned) };
}

async function verify(
	folder: string,
	{ request, model }: Work,
	expected: Expected
): Promise<{ verified: Verification; byTransformers: TransformersRun | null }> {
	if (request.target === 'gguf') {
		const file = join(folder, GGUF_FILE);
		await checkTokenizer(file, model);
		const verified = await verifyCheckpoint(await openGguf(file), expected);
		return { verified, byTransformers: null };
	}
	if (request.target === 'onnx') {
		const dtype = request.dtype ?? 'fp32';
		const verified = await verifyDecoder(join(folder, modelFile(dtype)), expected, dtype);
		return { verified, byTransformers: null };
	}
	const verified = await verifyCheckpoint(await openCheckpoint(folder), expected);
	return {
		verified,
		byTransformers: await verifyByTransformers(folder, model.checkpoint, expected)
	};
}
