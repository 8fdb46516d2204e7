import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { readJsonFile } from '$analysis/edge/json.ts';
import { parseUntrusted } from '$analysis/edge/parse.ts';
import { quoted } from '$analysis/edge/quote.ts';
import { InputError } from '$analysis/errors.ts';
import type { Document } from '$analysis/model/tokens/types.ts';
import { formatBytes } from '$analysis/text/number.ts';
import type { SamplesAnswer, TextChoice } from '$lib/client/api.ts';
import { NotFoundError } from './errors.ts';
import { MAX_TEXT_BYTES } from './http/body.ts';

const samplesSchema: v.GenericSchema<SamplesAnswer> = v.array(
	v.object({ id: v.string(), title: v.string(), author: v.string(), characters: v.number() })
);

/** The bundled texts of static/samples. */
export async function listSamples(root: string): Promise<SamplesAnswer> {
	const file = join(samplesFolder(root), 'samples.json');
	return parseUntrusted(samplesSchema, await readJsonFile(file), file);
}

/** The texts of a new analysis, checked and bounded. Errors: InputError, NotFoundError. */
export async function documentsOf(
	choices: readonly TextChoice[],
	root: string
): Promise<Document[]> {
	const samples = await listSamples(root);
	const documents = await Promise.all(
		choices.map(async (choice) => {
			if (!('sample' in choice)) return checkedDocument(choice);
			const sample = samples.find(({ id }) => id === choice.sample);
			if (!sample) throw new NotFoundError(`sample text ${quoted(choice.sample)}: not known`);
			const name = `${sample.id}.txt`;
			return { name, text: await readFile(join(samplesFolder(root), name), 'utf8') };
		})
	);
	const bytes = documents.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
	if (bytes > MAX_TEXT_BYTES) {
		throw new InputError(
			`texts: ${formatBytes(bytes)}; at most ${MAX_TEXT_BYTES / 1e6} MB together`
		);
	}
	return documents;
}

/** Folder of the bundled texts, relative to the project, as the command that makes a run again names it. */
export const SAMPLES_PATH = 'static/samples';

function samplesFolder(root: string): string {
	return join(root, SAMPLES_PATH);
}

/**
 * The text came as JSON, so bytes that are not UTF-8 were replaced by U+FFFD before they got here, unless the
 * page saw it first; a file that really contains that character has most likely lost text in the same way.
 */
function checkedDocument({ name, text }: Document): Document {
	if (text.trim() === '') throw new InputError(`text ${quoted(name)}: empty; expected some words`);
	const replaced = text.indexOf('\uFFFD');
	if (replaced !== -1 || !text.isWellFormed()) {
		const where = replaced === -1 ? '' : ` (character ${replaced} was not readable)`;
		throw new InputError(`text ${quoted(name)}: not UTF-8${where}; save it as UTF-8 and try again`);
	}
	return { name, text };
}
