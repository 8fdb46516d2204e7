import { chmod, copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Name patterns of the files that belong to a model besides its weights; a model may lack any of them. */
const COMPANIONS = [
	/^config\.json$/,
	/^generation_config\.json$/,
	/^tokenizer.*\.(json|model)$/,
	/^special_tokens_map\.json$/,
	/^added_tokens\.json$/,
	/^vocab\.(json|txt)$/,
	/^merges\.txt$/,
	/^chat_template\.(jinja|json)$/,
	/^(licen[cs]e|notice)(\.(md|txt))?$/i
];

/** Copies config, tokenizer and licence from a model folder; links are followed. Returns the names. */
export async function copyCompanions(from: string, to: string): Promise<string[]> {
	const names = (await readdir(from)).filter((name) =>
		COMPANIONS.some((pattern) => pattern.test(name))
	);
	for (const name of names) {
		await copyFile(join(from, name), join(to, name));
		// A copy may be changed, whatever its original's mode says.
		await chmod(join(to, name), 0o644);
	}
	return names.sort();
}
