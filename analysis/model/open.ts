import { dirname, resolve } from 'node:path';
import { modelFacts } from './checkpoint/facts.ts';
import { completeHash, ModelHasher } from './checkpoint/hash.ts';
import { hashInThread } from './checkpoint/hashThread.ts';
import { openCheckpoint, openForOther } from './checkpoint/open.ts';
import { WeightReader } from './checkpoint/read.ts';
import { filesOf } from './checkpoint/remembered.ts';
import { RunHash } from './checkpoint/runHash.ts';
import { TOKENIZER } from './checkpoint/tokenizer.ts';
import type { Checkpoint, ModelFacts } from './checkpoint/types.ts';
import { formOf } from './form.ts';
import { openGguf } from './gguf/open.ts';
import { checkModel } from './onnx/check.ts';
import { onnxFiles, onnxHash } from './onnx/hash.ts';
import { findBeside } from './onnx/locate.ts';
import { findIn, findOnnx, openOnnx, type FoundOnnx, type OpenedOnnx } from './onnx/open.ts';
import { readOnnx } from './onnx/read.ts';
import { onnxRefused } from './onnx/refused.ts';
import { loadTokenizer } from './tokens/tokenizer.ts';
import type { Tokenizer } from './tokens/types.ts';

/** Model on disk, whatever form it is stored in. No weights are in memory. */
interface ModelOnDisk {
	/** Short name for people. */
	readonly name: string;
	/** Absolute path of a checkpoint's folder, or of an ONNX file. */
	readonly path: string;
	/** Throws InputError where the model cannot be run and its facts are not known. */
	readonly facts: ModelFacts;
	/** Differences from what one would expect of the model; one line each. */
	readonly notes: readonly string[];
	/** The tokenizer beside the model, or another: tokenizer.json or its folder. */
	tokenizer(other?: string): Promise<Tokenizer>;
	/** The hash of the weights as an earlier run has worked it out, nothing being read; null: it is not known. */
	knownHash(home: string): Promise<string | null>;
	/**
	 * The hash of the weights, those of the files as they were when the model was opened. Remembered in the workspace
	 * `home`; what a run has read through `hasher` is not read again. Throws InputError where the files hold
	 * other weights meanwhile.
	 */
	hash(home: string): Promise<string>;
	close(): Promise<void>;
}

/** A folder in Hugging Face layout, or a GGUF file, which is read as the checkpoint that it was made from. */
export interface CheckpointModel extends ModelOnDisk {
	readonly form: 'checkpoint' | 'gguf';
	readonly checkpoint: Checkpoint;
	/** Reads weights; closed with the model. */
	readonly reader: WeightReader;
	/** Takes in weights as they are read for a run; null: the hash is known already. */
	hasher(home: string): Promise<ModelHasher | null>;
	/** Hashes the weights in a thread while the model runs, where their hash is not known; `hash` awaits it. */
	hashInBackground(home: string): Promise<void>;
}

/** An ONNX file. */
export interface OnnxFileModel extends ModelOnDisk {
	readonly form: 'onnx';
	/** Its graph without the values of large tensors. */
	readonly found: FoundOnnx;
	/** The same, checked to be one that can be analysed. Throws InputError that says why it is none. */
	checked(): OpenedOnnx;
	/** The graph with all values, read anew. */
	whole(): Promise<FoundOnnx>;
	/** The same, checked. */
	wholeChecked(): Promise<OpenedOnnx>;
}

/** Throws InputError for an ONNX model, where only a checkpoint will do. */
export function requireCheckpoint(model: Model): asserts model is CheckpointModel {
	if (model.form === 'onnx') throw onnxRefused(model.path);
}

/** A model on disk. Ask its form only to say "this needs a checkpoint", or to run it. */
export type Model = CheckpointModel | OnnxFileModel;

/**
 * Opens what MODEL means: the one place that tells forms of models apart. Reads headers, config and graph,
 * and runs nothing. Throws InputError that says what is wrong with it. `forOther`: another engine than the program's own
 * will run it, so that sizes are enough.
 */
export async function openModel(path: string, { forOther = false } = {}): Promise<Model> {
	const named = await formOf(path);
	return named.form === 'onnx'
		? openFile(named.path)
		: openFolder(named.path, named.form, forOther);
}

/** Opens a model and hands it to `use`; it is closed in the end. Throws as either does. */
export async function withModel<Result>(
	path: string,
	use: (model: Model) => Promise<Result>,
	options: { forOther?: boolean } = {}
): Promise<Result> {
	const model = await openModel(path, options);
	try {
		return await use(model);
	} finally {
		await model.close();
	}
}

async function openFolder(
	folder: string,
	form: CheckpointModel['form'],
	forOther: boolean
): Promise<CheckpointModel> {
	const open = forOther ? openForOther : openCheckpoint;
	const checkpoint = await (form === 'gguf' ? openGguf(resolve(folder)) : open(folder));
	const reader = new WeightReader();
	const hashAll = () => completeHash(checkpoint, reader, new ModelHasher(checkpoint));
	const run = await RunHash.begin(filesOf(checkpoint), hashAll);
	let hasher: ModelHasher | null = null;
	let hashing: Promise<void> | null = null;
	const hasherOf = async (home: string): Promise<ModelHasher | null> => {
		if ((await run.known(home)) === null) hasher ??= new ModelHasher(checkpoint);
		return hasher;
	};
	return {
		form,
		name: checkpoint.name,
		path: checkpoint.folder,
		facts: modelFacts(checkpoint),
		notes: checkpoint.notes,
		checkpoint,
		reader,
		tokenizer: (other) => loadTokenizer(other ?? checkpoint.folder, checkpoint.config),
		hasher: hasherOf,
		hashInBackground: async (home) => {
			const wanted = await hasherOf(home);
			if (wanted === null) return;
			hashing = hashInThread(checkpoint, wanted);
			// A failure is met where the hash is awaited; until then it must not count as unhandled.
			hashing.catch(() => undefined);
		},
		knownHash: (home) => run.known(home),
		hash: async (home) => {
			await hashing;
			const read = hasher ?? new ModelHasher(checkpoint);
			return run.confirmed(home, () => completeHash(checkpoint, reader, read));
		},
		close: () => reader.close()
	};
}

async function openFile(file: string): Promise<OnnxFileModel> {
	const onnx = await readOnnx(file, { weights: false });
	const run = await RunHash.begin(onnxFiles(onnx), () => onnxHash(onnx));
	const found = await findIn(onnx);
	let opened: OpenedOnnx | null = null;
	const checked = (): OpenedOnnx => (opened ??= { ...found, ...checkModel(found) });
	return {
		form: 'onnx',
		name: found.name,
		path: onnx.file,
		get facts() {
			return checked().facts;
		},
		notes: found.windows.notes,
		found,
		checked,
		whole: () => findOnnx(file),
		wholeChecked: () => openOnnx(file),
		tokenizer: async (other) => {
			const beside = other ?? (await findBeside(file, TOKENIZER)) ?? dirname(file);
			return loadTokenizer(beside, checked().facts);
		},
		knownHash: (home) => run.known(home),
		hash: (home) => run.confirmed(home),
		close: () => Promise.resolve()
	};
}
