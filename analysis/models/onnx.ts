import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isInputError, messageOf } from '../errors.ts';
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

type Examined = Pick<ModelListing, 'facts' | 'problem'>;

/** What a file was when it was looked into, and what was found; null: no language model. */
interface Known {
	/** The model's files, and those beside it that say something of it, there or not. */
	files: string[];
	signature: string;
	examined: Examined | null;
}

/** Files beside a model, or one folder up, that say something of it. */
const COMPANIONS = ['config.json', TOKENIZER, 'spanwise.json'];
/** What a language model takes: ids, or what an embedding has made of them. */
const TOKEN_INPUTS = ['input_ids', 'inputs_embeds'];

/**
 * Looks into ONNX files, and remembers what it found for as long as neither path, size nor time of change of a file
 * that it depends on is another: graphs of tens of thousands of nodes take a moment to follow.
 */
export class OnnxExaminer {
	readonly #known = new Map<string, Known>();

	/** What a listing says of an ONNX file; null: it cannot be a language model. Never throws. */
	async examine(file: string): Promise<Examined | null> {
		const known = this.#known.get(file);
		if (known !== undefined && (await signatureOf(known.files)) === known.signature) {
			return known.examined;
		}
		this.#known.delete(file);
		try {
			const onnx = await readOnnx(file, { weights: false });
			const files = [...onnxFiles(onnx), ...companionsOf(file)];
			const signature = await signatureOf(files);
			const view = new GraphView(onnx.graph);
			const examined = isLanguageModel(view) ? await examineGraph(file, () => findIn(onnx)) : null;
			this.#known.set(file, { files, signature, examined });
			return examined;
		} catch (error) {
			// Whatever is wrong with one model, down to a failing disk, the others are still to be listed.
			return { facts: null, problem: messageOf(error) };
		}
	}
}

async function examineGraph(file: string, find: () => Promise<FoundOnnx>): Promise<Examined> {
	try {
		const found = await find();
		const tokenizer = await findBeside(file, TOKENIZER);
		const missing = tokenizer === null ? await missingTokenizer(dirname(file)) : null;
		return { facts: factsOf(found), problem: onnxReport(found).problem ?? missing };
	} catch (error) {
		if (!isInputError(error)) throw error;
		return { facts: null, problem: error.message };
	}
}

function factsOf({ onnx, view, layers, config, logits }: FoundOnnx): ModelFacts | null {
	try {
		return onnxFacts(onnx, view, layers, config, logits);
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
	const signs = [
		TOKEN_INPUTS.some((name) => view.isInput(name)),
		view.graph.output.some(({ name }) => name === 'logits'),
		findAttention(view).length > 0
	];
	return signs.filter((sign) => sign).length >= 2;
}

function companionsOf(file: string): string[] {
	const beside = dirname(file);
	return [beside, dirname(beside)].flatMap((folder) => COMPANIONS.map((name) => join(folder, name)));
}

async function signatureOf(files: readonly string[]): Promise<string> {
	const lines = files.map(async (file) => {
		const found = await stat(file).catch(() => null);
		return `${file} ${found?.size ?? 'none'} ${found?.mtimeMs ?? 'none'}`;
	});
	return (await Promise.all(lines)).join('\n');
}
