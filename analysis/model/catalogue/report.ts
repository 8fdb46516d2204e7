import { stat } from 'node:fs/promises';
import { basename, relative } from 'node:path';
import { messageOf } from '../../errors.ts';
import { filesOf } from '../checkpoint/remembered.ts';
import type { ModelFacts, ModelListing } from '../checkpoint/types.ts';
import { withModel, type Model } from '../open.ts';
import { onnxReport, type LayerReport, type OnnxReport } from '../onnx/report.ts';
import { checkpointLayers } from './checkpointLayers.ts';

/** A file that a model consists of. */
export interface FileReport {
	/** Path from the model's folder. */
	name: string;
	bytes: number;
}

/** Description of a listed model, made before any run. */
export interface ModelReport {
	listing: ModelListing;
	/** In order; none where the model cannot be read. */
	layers: LayerReport[];
	/** Facts that an ONNX file states of itself; null: a checkpoint or GGUF file, or the file cannot be read. */
	graph: Pick<OnnxReport, 'producer' | 'opset' | 'inputs' | 'outputs'> | null;
	files: FileReport[];
	/** Notes for the user, a line each. */
	notes: string[];
	/** Reason that it cannot be analysed; null: it can. */
	problem: string | null;
}

/** Description of a checkpoint or GGUF file, made before any run. */
export interface CheckpointReport {
	name: string;
	folder: string;
	facts: ModelFacts;
	layers: LayerReport[];
	/** Notes for the user, a line each. */
	notes: readonly string[];
}

/** Describes an opened model. */
export function describeModel(model: Model): CheckpointReport | OnnxReport {
	if (model.form === 'onnx') return onnxReport(model.found);
	const { name, path: folder, facts, notes, checkpoint } = model;
	return { name, folder, facts, layers: checkpointLayers(checkpoint.config), notes };
}

/** Describes a listed model, without weights and without running it. Never throws: the problem says what is wrong. */
export async function modelReport(listing: ModelListing): Promise<ModelReport> {
	try {
		return await withModel(listing.folder, (model) => reportOf(listing, model), {
			forOther: true
		});
	} catch (error) {
		const problem = listing.problem ?? messageOf(error);
		return { listing, layers: [], graph: null, files: [], notes: [], problem };
	}
}

async function reportOf(listing: ModelListing, model: Model): Promise<ModelReport> {
	const described = describeModel(model);
	const { layers, notes } = described;
	const files = await measured(filesNamed(model));
	if (!('producer' in described)) {
		return { listing, layers, graph: null, files, notes: [...notes], problem: listing.problem };
	}
	const { producer, opset, inputs, outputs } = described;
	const problem = described.problem ?? listing.problem;
	const graph = { producer, opset, inputs, outputs };
	return { listing, layers, graph, files, notes: [...notes], problem };
}

/** The files of a model by their names below its folder. */
function filesNamed(model: Model): [name: string, path: string][] {
	if (model.form !== 'onnx') {
		const files = filesOf(model.checkpoint).sort();
		const nameOf = (file: string) =>
			model.form === 'gguf' ? basename(file) : relative(model.path, file);
		return files.map((file) => [nameOf(file), file]);
	}
	return [[basename(model.path), model.path], ...[...model.found.onnx.external.files].sort()];
}

function measured(
	files: readonly (readonly [name: string, path: string])[]
): Promise<FileReport[]> {
	return Promise.all(files.map(async ([name, path]) => ({ name, bytes: (await stat(path)).size })));
}
