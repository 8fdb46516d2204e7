import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isInputError, messageOf } from '../../errors.ts';
import { children } from '../checkpoint/cache.ts';
import { missingTokenizer, TOKENIZER } from '../checkpoint/tokenizer.ts';
import type { ModelFacts, ModelListing } from '../checkpoint/types.ts';
import { findAttention } from '../onnx/attention.ts';
import { onnxFacts } from '../onnx/facts.ts';
import { GraphView } from '../onnx/graphView.ts';
import { onnxFiles } from '../onnx/hash.ts';
import { findBeside } from '../onnx/locate.ts';
import { findIn, type FoundOnnx } from '../onnx/open.ts';
import { readOnnx } from '../onnx/read.ts';
import { onnxReport } from '../onnx/report.ts';
import { RECORD_FILE } from '../onnx/writtenPlan.ts';

type Examined = Pick<ModelListing, 'facts' | 'planned' | 'problem'>;

/** Result of looking into a file; `examined` null: it is no language model. */
interface Finding {
	examined: Examined | null;
	/** The files that it depends on, there or not; null: not known, look again. */
	files: string[] | null;
}

/** A finding, and by path what the files were that it depends on. */
interface Known {
	examined: Examined | null;
	signatures: ReadonlyMap<string, string>;
}

/** Files beside a model, or one folder up, that say something of it. */
const COMPANIONS = ['config.json', 'genai_config.json', TOKENIZER, RECORD_FILE];
/** Inputs of a language model: token ids, or the embeddings made of them. */
const TOKEN_INPUTS = ['input_ids', 'inputs_embeds'];

/**
 * Looks into ONNX files, and remembers what it found for as long as neither path, size nor time of change of a file
 * that it depends on is another: graphs of tens of thousands of nodes take a moment to follow.
 */
export class OnnxExaminer {
	readonly #known = new Map<string, Known>();

	/** Examines an ONNX file for a listing; null: it cannot be a language model. Never throws. */
	async examine(file: string): Promise<Examined | null> {
		const known = this.#known.get(file);
		if (known !== undefined && (await isUnchanged(known.signatures))) return known.examined;
		this.#known.delete(file);
		// Before anything is read: what changes meanwhile is looked into again.
		const before = await signaturesOf(await placesOf(file));
		const { examined, files } = await lookInto(file, [...before.keys()]);
		if (files !== null) {
			this.#known.set(file, { examined, signatures: await signaturesOf(files, before) });
		}
		return examined;
	}
}

async function lookInto(file: string, places: string[]): Promise<Finding> {
	try {
		const onnx = await readOnnx(file, { weights: false });
		const examined = isLanguageModel(new GraphView(onnx.graph))
			? await examineGraph(file, () => findIn(onnx))
			: null;
		return { examined, files: [...onnxFiles(onnx), ...companionsOf(file)] };
	} catch (error) {
		// Whatever is wrong with one model, down to a failing disk, the others are still to be listed.
		const examined = { facts: null, planned: null, problem: messageOf(error) };
		return { examined, files: isLasting(error) ? places : null };
	}
}

/** Returns true if an error lies in the file itself, and not in the reading of it. */
function isLasting(error: unknown): boolean {
	if (!isInputError(error)) return false;
	return !(error.cause instanceof Error && 'errno' in error.cause);
}

async function examineGraph(file: string, find: () => Promise<FoundOnnx>): Promise<Examined> {
	try {
		const found = await find();
		const tokenizer = await findBeside(file, TOKENIZER);
		const missing = tokenizer === null ? await missingTokenizer(dirname(file)) : null;
		const { planned, problem } = onnxReport(found);
		return { facts: factsOf(found), planned, problem: problem ?? missing };
	} catch (error) {
		if (!isInputError(error)) throw error;
		return { facts: null, planned: null, problem: error.message };
	}
}

/** Those of the whole model, where layers of it have no attention in the graph. */
function factsOf(found: FoundOnnx): ModelFacts | null {
	const { plan } = found;
	try {
		const facts = onnxFacts(found);
		if (plan === null) return facts;
		const { layers, own } = plan;
		const reach = Array.from({ length: layers }, (_, layer) => {
			const at = own.indexOf(layer);
			return at < 0 ? null : (facts.reach.at(at) ?? null);
		});
		return { ...facts, layers, reach };
	} catch (error) {
		if (!isInputError(error)) throw error;
		return null;
	}
}

/**
 * Two of three: it takes tokens, has attention, yields logits. A decoder whose attention is not known is one; a vision
 * encoder, an embedding or an output projection by itself is none.
 */
function isLanguageModel(view: GraphView): boolean {
	const tokens = TOKEN_INPUTS.some((name) => view.isInput(name));
	const logits = view.graph.output.some(({ name }) => name === 'logits');
	if (tokens && logits) return true;
	// Attention takes long to find: it is looked for only where it decides.
	return (tokens || logits) && findAttention(view).length > 0;
}

/** The file, what lies beside it, its external data among it, and its companions, there or not. */
async function placesOf(file: string): Promise<string[]> {
	const beside = dirname(file);
	const names = await children(beside);
	// The folder itself is another as soon as a file is added.
	return [file, beside, ...names.map((name) => join(beside, name)), ...companionsOf(file)];
}

function companionsOf(file: string): string[] {
	const beside = dirname(file);
	return [beside, dirname(beside)].flatMap((folder) =>
		COMPANIONS.map((name) => join(folder, name))
	);
}

async function isUnchanged(signatures: ReadonlyMap<string, string>): Promise<boolean> {
	const now = await signaturesOf([...signatures.keys()]);
	return [...signatures].every(([path, signature]) => now.get(path) === signature);
}

/** Returns signatures of files by path: those in `before` as they are, the others of the files as they are now. */
async function signaturesOf(
	paths: readonly string[],
	before: ReadonlyMap<string, string> = new Map()
): Promise<Map<string, string>> {
	const signatures = paths.map(async (path): Promise<[string, string]> => [
		path,
		before.get(path) ?? (await signatureOf(path))
	]);
	return new Map(await Promise.all(signatures));
}

async function signatureOf(path: string): Promise<string> {
	const found = await stat(path).catch(() => null);
	return found === null ? 'none' : `${found.size} ${found.mtimeMs}`;
}
