import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { MAX_SMALL_JSON_BYTES, parseJson, readTextFile } from '../edge/json.ts';
import { parseOrNull } from '../edge/parse.ts';
import { findBeside } from '../model/onnx/locate.ts';
import { copyCompanions } from './copied.ts';

const GENAI_FILE = 'genai_config.json';
/** Files that say by where they lie that what belongs to a model lies there. */
const LANDMARKS = ['config.json', 'tokenizer.json', GENAI_FILE];

/**
 * Copies config, tokenizer and licence that belong to an ONNX model, beside it or one folder up, and its
 * genai_config.json, which then names the model as `written`, relative to the folder. Where layers lose caches
 * (`shared`), it no longer has past and present share a buffer. Returns the names.
 */
export async function copyOnnxCompanions(
	file: string,
	folder: string,
	{ written, shared }: { written: string; shared: boolean }
): Promise<string[]> {
	const folders = new Set<string>();
	for (const name of LANDMARKS) {
		const found = await findBeside(file, name);
		if (found !== null) folders.add(dirname(found));
	}
	const names = new Set<string>();
	for (const from of folders) {
		for (const name of await copyCompanions(from, folder)) names.add(name);
	}
	const genai = await findBeside(file, GENAI_FILE);
	if (genai !== null) {
		await writeFile(join(folder, GENAI_FILE), await genaiText(genai, written, shared));
		names.add(GENAI_FILE);
	}
	return [...names].sort();
}

const genaiSchema = v.looseObject({
	model: v.optional(
		v.looseObject({ decoder: v.optional(v.looseObject({ filename: v.optional(v.string()) })) })
	),
	search: v.looseObject({})
});

async function genaiText(file: string, written: string, shared: boolean): Promise<string> {
	const text = await readTextFile(file, MAX_SMALL_JSON_BYTES);
	const parsed = parseOrNull(genaiSchema, parseJson(text, file));
	if (parsed === null) return text;
	const { model, search, ...others } = parsed;
	const decoder = model?.decoder;
	const named = decoder?.filename === undefined ? decoder : { ...decoder, filename: written };
	const changed = {
		...(model && { model: { ...model, ...(named && { decoder: named }) } }),
		...others,
		search: { ...search, ...(shared && { past_present_share_buffer: false }) }
	};
	return `${JSON.stringify(changed, null, 2)}\n`;
}
