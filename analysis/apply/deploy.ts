import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beginHash } from '../engine/modelHash.ts';
import type { PlannedLayers } from '../engine/forward.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { WeightReader } from '../model/checkpoint/read.ts';
import type { Checkpoint } from '../model/checkpoint/types.ts';
import { InputError } from '../errors.ts';
import { isFused } from '../graph/decode/attention.ts';
import { findOnnxFile } from '../model/onnx/locate.ts';
import { RECORD_FILE } from '../model/onnx/writtenPlan.ts';
import { checkPlanFits } from '../plan/fits.ts';
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
	checkpoint: Checkpoint;
	reader: WeightReader;
	planned: Required<PlannedLayers>;
	onProgress: (stage: DeployStage, fraction: number) => void;
}

/**
 * Writes a model with a plan applied, whole or not at all: weights in a stream, one matrix in memory at a time.
 * Unless told otherwise it is run on a short window and compared with the engine; where they disagree, Error is
 * thrown and nothing is left. Throws InputError where model, plan or folder are at fault.
 */
export async function deployModel(
	request: DeployRequest,
	onProgress: Work['onProgress']
): Promise<Deployed> {
	const file = await findOnnxFile(request.modelFolder);
	if (file !== null) return deployOnnxModel(file, request, onProgress);
	const dtype = request.dtype ?? (request.target === 'onnx' ? 'fp32' : null);
	return deployCheckpoint({ ...request, dtype }, onProgress);
}

async function deployCheckpoint(
	request: DeployRequest,
	onProgress: Work['onProgress']
): Promise<Deployed> {
	const checkpoint = await openCheckpoint(request.modelFolder);
	const { name, config } = checkpoint;
	const { layers } = config;
	if (request.plan !== null) checkPlanFits(request.plan, { ...config, name });
	await checkNewFolder(request.out);
	const run = await beginHash(checkpoint, request.home);
	const reader = new WeightReader();
	try {
		const planned = await plannedLayers(request.plan, request.planFolder, checkpoint, reader);
		const work = { request, checkpoint, reader, planned, onProgress };
		return await writeModelFolder(request.out, request.home, async (folder) => {
			const names = await write(folder, work);
			const verified = request.verify ? await verify(folder, work) : null;
			onProgress('hashing', 0);
			const hash = await run.confirmed();
			const { sources } = planned;
			const model = { name, architecture: config.architecture, layers };
			const padding = request.target === 'onnx' ? (isFused(config) ? 'right' : 'either') : null;
			const made = { model, hash, sources, padding, verified } as const;
			const record = await recordOf(folder, names, request, made);
			await writeFile(join(folder, RECORD_FILE), `${JSON.stringify(record, null, 2)}\n`);
			const warning =
				request.plan === null ? null : planMatches(request.plan, { name, layers, hash });
			return { record, warning, notes: checkpoint.notes };
		});
	} finally {
		await reader.close();
	}
}

async function write(folder: string, work: Work): Promise<string[]> {
	const { request, checkpoint, reader, planned } = work;
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
	const { request, checkpoint, reader, planned, onProgress } = work;
	onProgress('verifying', 0);
	const ids = await sampleIds(checkpoint.folder, checkpoint.config);
	const model = { checkpoint, reader, planned };
	return request.target === 'onnx'
		? verifyDecoder(join(folder, MODEL_FILE), model, ids, request.dtype ?? 'fp32')
		: verifyCheckpoint(folder, model, ids);
}
