import { readBytes } from '../../edge/json.ts';
import { quoted } from '../../edge/quote.ts';
import { MOST_BUNDLE_BYTES } from './format.ts';
import { importBundle, importedWords, type Imported } from './import.ts';
import { readBundle } from './read.ts';

/** Imports the bundle in `file`, which messages call `name`. Throws InputError as `readBundle` and `importBundle` do. */
export async function importBundleFile(
	home: string,
	file: string,
	name = file
): Promise<Imported & { words: string }> {
	const where = quoted(name);
	const bytes = await readBytes(file, MOST_BUNDLE_BYTES);
	const imported = await importBundle(home, readBundle(bytes, where), where);
	return { ...imported, words: importedWords(imported) };
}
