import { join } from 'node:path';
import { exists } from './files.ts';

export const TOKENIZER = 'tokenizer.json';

/** Describes the problem of a model folder without a tokenizer; null: it has one. */
export async function missingTokenizer(folder: string): Promise<string | null> {
	if (await exists(join(folder, TOKENIZER))) return null;
	return (
		`${folder}: no ${TOKENIZER}; put the model's own beside config.json ` +
		'(transformers writes it with AutoTokenizer.from_pretrained(…).save_pretrained(…))'
	);
}
