import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requirePlan } from '../engine/checkPlan.ts';
import type { PlannedLayers } from '../engine/forward.ts';
import type { CheckpointModel, Model } from '../model/open.ts';
import { InputError } from '../errors.ts';
import { isFused } from '../graph/decode/attention.ts';
import { RECORD_FILE } from '../model/onnx/writtenPlan.ts';
import { planMatches } from '../plan/planFile.ts';
import { checkNewFolder, writeModelFolder } from '../workspace/wholeFolder.ts';
import { MODEL_FILE, writeOnnx } from './onnx.ts';
import { deployOnnxModel } from './onnxModel.ts';
import { plannedLayers } from './planned.ts';
import { recordOf } from './record.ts';
import { writeCheckpoint } from './safetensors.ts';
import { sampleIds } from './sample.ts';
import type { DeployRecord, DeployRequest, Verification } from './types.ts';
import { verifyCheckpoint, verifyDecoder } from './verify.ts';

/** What is being done, for a display. */
export type DeployStage = 'writing' | 'verifying' | 'hashing';

/** A model that was written. */
export interface Deployed {
	record: DeployRecord;
	/** The plan was made for other weights; null: for these, or no plan. */
	warning: string | null;
	/** What was written otherwise than might be expected, and why; one line each. */
	notes: string[];
}

/** What is at hand while a folder is being filled. */
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
	await checkNewFolder(request.out);
	const planned = await plannedLayers(request.plan, request.planFolder, checkpoint, reader);
	const work = { request, model, planned, onProgress };
	return writeModelFolder(request.out, request.home, async (folder) => {
		const names = await write(folder, work);
		const verified = request.verify ? await verify(folder, work) : null;
		onProgress('hashing', 0);
		const hash = await model.hash(request.home);
		const { sources } = planned;
		const facts = { name, architecture: config.architecture, layers };
		const padding = request.target === 'onnx' ? (isFused(config) ? 'right' : 'either') : null;
		const made = { model: facts, hash, sources, padding, verified } as const;
		const record = await recordOf(folder, names, request, made);
		await writeFile(join(folder, RECORD_FILE), `${JSON.stringify(record, null, 2)}\n`);
		const warning =
			request.plan === null ? null : planMatches(request.plan, { name, layers, hash });
		return { record, warning, notes: checkpoint.notes };
	});
}

async function write(folder: string, work: Work): Promise<string[]> {
	const { request, planned } = work;
	const { checkpoint, reader } = work.model;
	const { target, dtype, plan } = request;
	const onFraction = (fraction: number) => work.onProgress('writing', fraction);
	if (target === 'onnx') {
		return writeOnnx(folder, checkpoint, reader, planned, dtype ?? 'fp32', onFraction);
	}
	if (plan === null) {
		throw new InputError('safetensors: no plan; without one the checkpoint is what there is');
	}
	if (dtype !== null) {
		throw new InputError(`safetensors: dtype ${dtype}; tensors keep their type: leave it out`);
	}
	return writeCheckpoint(folder, checkpoint, reader, plan, planned, onFraction);
}

async function verify(folder: string, work: Work): Promise<Verification> {
	const { request, planned, onProgress } = work;
	const { checkpoint, reader } = work.model;
	onProgress('verifying', 0);
	const ids = await sampleIds(checkpoint.folder, checkpoint.config);
	const model = { checkpoint, reader, planned };
	return request.target === 'onnx'
		? verifyDecoder(join(folder, MODEL_FILE), model, ids, request.dtype ?? 'fp32')
		: verifyCheckpoint(folder, model, ids);
}
