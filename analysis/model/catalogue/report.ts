import { stat } from 'node:fs/promises';
import { basename, relative } from 'node:path';
import { messageOf } from '../../errors.ts';
import { openCheckpoint } from '../checkpoint/open.ts';
import type { ModelListing } from '../checkpoint/types.ts';
import { findOnnx } from '../onnx/open.ts';
import { onnxReport, type LayerReport, type OnnxReport } from '../onnx/report.ts';
import { checkpointLayers } from './checkpointLayers.ts';

/** A file that a model consists of. */
export interface FileReport {
	/** Path from the model's folder. */
	name: string;
	bytes: number;
}

/** What is said of a listed model before any run. */
export interface ModelReport {
	listing: ModelListing;
	/** In order; none where the model cannot be read. */
	layers: LayerReport[];
	/** What an ONNX file says of itself; null: a checkpoint, or the file cannot be read. */
	graph: Pick<OnnxReport, 'producer' | 'opset' | 'inputs' | 'outputs'> | null;
	files: FileReport[];
	/** What should be known of it, a line each. */
	notes: string[];
	/** Why it cannot be analysed; null: it can. */
	problem: string | null;
}

/** Describes a listed model, without weights and without running it. Never throws: the problem says what is wrong. */
export async function modelReport(listing: ModelListing): Promise<ModelReport> {
	try {
		return listing.form === 'onnx'
			? await reportOfOnnx(listing)
			: await reportOfCheckpoint(listing);
	} catch (error) {
		const problem = listing.problem ?? messageOf(error);
		return { listing, layers: [], graph: null, files: [], notes: [], problem };
	}
}

async function reportOfOnnx(listing: ModelListing): Promise<ModelReport> {
	const found = await findOnnx(listing.folder, { weights: false });
	const { layers, producer, opset, inputs, outputs, notes, problem } = onnxReport(found);
	return {
		listing,
		layers,
		graph: { producer, opset, inputs, outputs },
		files: await measured([
			[basename(listing.folder), listing.folder],
			...[...found.onnx.external.files].sort()
		]),
		notes,
		problem: problem ?? listing.problem
	};
}

async function reportOfCheckpoint(listing: ModelListing): Promise<ModelReport> {
	const { folder, problem } = listing;
	const { config, tensors } = await openCheckpoint(folder);
	const files = [...new Set([...tensors.values()].map(({ file }) => file))].sort();
	return {
		listing,
		layers: checkpointLayers(config),
		graph: null,
		files: await measured(files.map((file) => [relative(folder, file), file])),
		notes: [],
		problem
	};
}

function measured(
	files: readonly (readonly [name: string, path: string])[]
): Promise<FileReport[]> {
	return Promise.all(files.map(async ([name, path]) => ({ name, bytes: (await stat(path)).size })));
}
