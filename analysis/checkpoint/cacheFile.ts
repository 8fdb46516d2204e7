import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';

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
		return v.parse(schema, JSON.parse(await readFile(join(home, 'cache', name), 'utf8')));
	} catch {
		// A missing or broken cache costs time, no more.
		return null;
	}
}

/** Replaces a cache file whole; where it cannot be written, nothing is remembered. */
export async function writeCache(home: string, name: string, value: unknown): Promise<void> {
	const file = join(home, 'cache', name);
	const temporary = `${file}.${process.pid}.tmp`;
	try {
		await mkdir(join(home, 'cache'), { recursive: true });
		await writeFile(temporary, `${JSON.stringify(value, null, '\t')}\n`);
		await rename(temporary, file);
	} catch {
		// A run must not be lost because something could not be remembered.
		await rm(temporary, { force: true }).catch(() => undefined);
	}
}
