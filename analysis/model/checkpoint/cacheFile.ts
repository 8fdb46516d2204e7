import { join } from 'node:path';
import type * as v from 'valibot';
import { MAX_LARGE_JSON_BYTES, readJsonFile } from '../../edge/json.ts';
import { parseOrNull } from '../../edge/parse.ts';
import { makePrivateFolder } from '../../privateFolder.ts';
import { writeWhole } from '../../process/partial.ts';

/**
 * A file of things that can be worked out again, `<home>/cache/<name>`. What cannot be read or understood
 * counts as absent (null).
 */
export async function readCache<Schema extends v.GenericSchema>(
	home: string,
	name: string,
	schema: Schema
): Promise<v.InferOutput<Schema> | null> {
	try {
		const file = join(home, 'cache', name);
		return parseOrNull(schema, await readJsonFile(file, MAX_LARGE_JSON_BYTES));
	} catch {
		// A missing or broken cache costs time, no more.
		return null;
	}
}

/** Replaces a cache file whole; where it cannot be written, nothing is remembered. */
export async function writeCache(home: string, name: string, value: unknown): Promise<void> {
	try {
		makePrivateFolder(join(home, 'cache'));
		await writeWhole(join(home, 'cache', name), `${JSON.stringify(value, null, '\t')}\n`);
	} catch {
		// A run must not be lost because something could not be remembered.
	}
}
