import { parseJson } from '$analysis/edge/parseJson.ts';
import { InputError } from '$analysis/errors.ts';
import { isShareAtt } from '$analysis/plan/exporters/shareatt.ts';
import { textOfBytes } from './textFile.ts';

/** A file as it was dropped on a page, and what it is. */
export interface DroppedFile {
	kind: 'plan' | 'questions' | 'text';
	name: string;
	text: string;
}

const EXPECTED = 'expected a text, a plan.json or a .jsonl file of questions';
/** Messages about other formats that Spanwise writes, by format: the kind of file, and the one to drop instead. */
const OTHERS: Readonly<Record<string, string>> = {
	'spanwise/run':
		'the record of a run without its numbers; drop the bundle of the run, which spanwise bundle writes',
	'spanwise/result':
		'a stored result without its run; drop the bundle of the run, which spanwise bundle writes'
};
const ARCHIVE = /\.(?:tar|t?gz|safetensors|onnx|gguf|bin|pt|pdf|png|npy)$/i;

/**
 * Identifies a dropped file by its ending and its content: a plan that Spanwise or the authors of Shared Attention
 * wrote, multiple-choice questions (JSONL), or a text. Throws InputError, in one line, for anything else.
 */
export function droppedFile(name: string, bytes: Uint8Array): DroppedFile {
	if (ARCHIVE.test(name))
		throw new InputError(
			/\.(?:safetensors|onnx|gguf|bin|pt)$/i.test(name)
				? `${name}: a model's file; add the path of its folder under Models instead`
				: `${name}: cannot be opened here; ${EXPECTED}`
		);
	const text = textOfBytes(name, bytes);
	if (/\.(?:jsonl|ndjson)$/i.test(name)) return { kind: 'questions', name, text };
	if (!/\.json$/i.test(name)) return { kind: 'text', name, text };
	const json = jsonOf(text, name);
	if (isQuestion(json)) return { kind: 'questions', name, text };
	const format = formatOf(json);
	if (format === 'spanwise/plan' || isShareAtt(json)) return { kind: 'plan', name, text };
	throw new InputError(`${name}: ${OTHERS[format ?? ''] ?? `not a plan; ${EXPECTED}`}`);
}

function jsonOf(text: string, name: string): unknown {
	try {
		return parseJson(text, name);
	} catch (cause) {
		// Questions are a line each, whatever their file is called.
		const first = firstLine(text);
		if (first !== null) return first;
		throw new InputError(`${name}: not JSON; ${EXPECTED}`, { cause });
	}
}

function firstLine(text: string): unknown {
	try {
		return parseJson(text.slice(0, text.indexOf('\n')), 'line 1');
	} catch {
		return null;
	}
}

function isQuestion(json: unknown): boolean {
	return typeof json === 'object' && json !== null && 'prompt' in json && 'choices' in json;
}

function formatOf(json: unknown): string | null {
	const format = typeof json === 'object' && json !== null && 'format' in json ? json.format : null;
	return typeof format === 'string' ? format : null;
}
