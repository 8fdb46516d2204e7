import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InputError } from '../../errors.ts';
import { firstTokens } from './prefix.ts';
import { loadTokenizer } from './tokenizer.ts';
import type { Tokenizer } from './types.ts';

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

/** The program's tokenizer of a file; null where it is refused as the user's error. */
async function tokenizerOf(file: string): Promise<Tokenizer | null> {
	try {
		return await loadTokenizer(file, EVERY_ID);
	} catch (error) {
		if (error instanceof InputError) return null;
		throw error;
	}
}

/** The token before a text and hashes of the ids of texts; "refused" where a text cannot be encoded either. */
async function outcomeOf(tokenizer: Tokenizer | null, texts: readonly string[]): Promise<unknown> {
	if (tokenizer === null) return 'refused';
	try {
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

/** The fixture, with the bundled tokenizers among its bases. */
async function expected(): Promise<Expected> {
	const root = new URL('../../../', import.meta.url).pathname;
	const file = `${root}tests/fixtures/tokenizers/expected.json`;
	const found = JSON.parse(await readFile(file, 'utf8')) as Expected;
	for (const [name, path] of Object.entries(found.files)) {
		found.bases[name] = JSON.parse(await readFile(join(root, path), 'utf8'));
	}
	return found;
}

let folder = '';
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-reference-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A file that holds a tokenizer with these changes. */
async function write({ bases }: Expected, { base, changes }: Expected['cases'][number]) {
	const file = join(folder, 'tokenizer.json');
	await writeFile(file, JSON.stringify(changed(bases[base], changes)));
	return file;
}

/** Each case of the fixture with the tokenizer that its file has, which takes a while to load. */
async function* cases(fixture: Expected) {
	for (const each of fixture.cases) {
		yield { ...each, tokenizer: await tokenizerOf(await write(fixture, each)) };
	}
}

test(
	"every changed tokenizer.json is refused or gives the ids that the reference gives, of which the first are those of the text's beginning",
	async () => {
		const fixture = await expected();
		const long = Array.from({ length: 12 }, () => fixture.texts.join(' ')).join('\n');
		let asked = 0;
		for await (const { base, changes, outcome, tokenizer } of cases(fixture)) {
			const found = await outcomeOf(tokenizer, fixture.texts);
			expect({ base, changes, outcome: found }).toEqual({ base, changes, outcome });
			if (tokenizer === null || outcome === 'refused') continue;
			const { ids } = await tokenizer.encode(long);
			for (const count of [1, 90, 700]) {
				const first = await firstTokens(long, count, tokenizer);
				expect({ base, changes, first }).toEqual({ base, changes, first: ids.slice(0, count) });
				asked++;
			}
		}
		expect(fixture.cases.length).toBeGreaterThanOrEqual(300);
		expect(asked).toBeGreaterThan(600);
	},
	TIMEOUT_MS
);
