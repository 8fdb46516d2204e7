import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_SMALL_JSON_BYTES, readJsonFile, readTextFile } from '../edge/json.ts';
import { familyOf } from '../model/checkpoint/families.ts';
import { exists } from '../model/checkpoint/files.ts';
import type { Checkpoint } from '../model/checkpoint/types.ts';

/**
 * Says in a folder's config.json what programs that run a graph go by: the family's own type, as the plan of a
 * checkpoint is in the graph, and for transformers.js which file to take and that its weights lie beside it.
 */
export async function adaptConfig(
	folder: string,
	{ config }: Checkpoint,
	dtype: string
): Promise<void> {
	const file = join(folder, 'config.json');
	const found = (await readJsonFile(file)) as object;
	const runtime = { dtype, use_external_data_format: true };
	const family = config.shared === null ? {} : { model_type: familyOf(config).modelType };
	const adapted = { ...found, ...family, 'transformers.js_config': runtime };
	await writeJson(file, adapted);
}

/** Puts a chat template that has a file of its own into tokenizer_config.json too, where transformers.js looks for it. */
export async function adaptChatTemplate(folder: string): Promise<void> {
	const [template, file] = ['chat_template.jinja', 'tokenizer_config.json'].map((name) =>
		join(folder, name)
	);
	if (!(await exists(template)) || !(await exists(file))) return;
	const found = (await readJsonFile(file)) as object;
	if ('chat_template' in found) return;
	const text = await readTextFile(template, MAX_SMALL_JSON_BYTES);
	await writeJson(file, { ...found, chat_template: text });
}

async function writeJson(file: string, value: object): Promise<void> {
	await writeFile(file, `${JSON.stringify(value, null, 2)}\n`);
}
