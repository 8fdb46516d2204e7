import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { loadTokenizer } from './tokenizer.ts';

type Json = Record<string | number, unknown>;

/** Written by tests/fixtures/tokenizers/make.py, which says what each field is. */
interface Expected {
	tokenizers: string;
	texts: string[];
	files: Record<string, string>;
	bases: Record<string, unknown>;
	cases: {
		base: string;
		changes: ({ set: (string | number)[]; to: unknown } | { delete: (string | number)[] })[];
		outcome: 'refused' | { bos: number | null; ids: string[] };
	}[];
}

/** Some hundred files of half a megabyte each are written and read. */
const TIMEOUT_MS = 180_000;

/** More ids than any case has: here the tokenizer is tested, not that it belongs to a model. */
const EVERY_ID = { vocab: 2 ** 32 };

/** Bytes of the hash that a case keeps. */
const HASH_LENGTH = 8;

function changed(base: unknown, changes: Expected['cases'][number]['changes']): unknown {
	const value = structuredClone(base);
	for (const change of changes) {
		const path = 'set' in change ? [...change.set] : [...change.delete];
		const last = path.pop() ?? '';
		let at = value as Json;
		for (const key of path) at = at[key] as Json;
		if ('set' in change) at[last] = change.to;
		else if (Array.isArray(at)) at.splice(Number(last), 1);
		else Reflect.deleteProperty(at, last);
	}
	return value;
}

/** What the program makes of a file: refused as the user's error, or the token before a text and hashes of ids. */
async function outcomeOf(file: string, texts: readonly string[]): Promise<unknown> {
	try {
		const tokenizer = await loadTokenizer(file, EVERY_ID);
		const ids: string[] = [];
		for (const text of texts) {
			const encoded = JSON.stringify((await tokenizer.encode(text)).ids);
			ids.push(createHash('sha256').update(encoded).digest('hex').slice(0, HASH_LENGTH));
		}
		return { bos: tokenizer.bosId, ids };
	} catch (error) {
		if (error instanceof InputError) return 'refused';
		throw error;
	}
}

test(
	'every changed tokenizer.json is refused or gives the ids that the reference gives',
	async () => {
		const root = new URL('../../', import.meta.url).pathname;
		const file = `${root}tests/fixtures/tokenizers/expected.json`;
		const { texts, files, bases, cases } = JSON.parse(await readFile(file, 'utf8')) as Expected;
		for (const [name, path] of Object.entries(files)) {
			bases[name] = JSON.parse(await readFile(join(root, path), 'utf8'));
		}
		const folder = await mkdtemp(join(tmpdir(), 'spanwise-reference-'));
		try {
			const changedFile = join(folder, 'tokenizer.json');
			for (const { base, changes, outcome } of cases) {
				await writeFile(changedFile, JSON.stringify(changed(bases[base], changes)));
				const found = await outcomeOf(changedFile, texts);
				expect({ base, changes, outcome: found }).toEqual({ base, changes, outcome });
			}
		} finally {
			await rm(folder, { recursive: true });
		}
		expect(cases.length).toBeGreaterThanOrEqual(300);
	},
	TIMEOUT_MS
);
