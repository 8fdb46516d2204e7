import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openCheckpoint } from '../checkpoint/open.ts';
import { loadTokenizer } from './tokenizer.ts';

const root = new URL('../../', import.meta.url).pathname;

interface Reference {
	text: string;
	ids: number[];
}

async function reference(name: string): Promise<Reference> {
	const file = `${root}tests/fixtures/reference/${name}.json`;
	return JSON.parse(await readFile(file, 'utf8')) as Reference;
}

for (const name of ['mini-llama2', 'mini-llama3']) {
	test(`${name}: ids are those of Hugging Face transformers, BOS first`, async () => {
		const { config, folder } = await openCheckpoint(`${root}models/${name}`);
		const tokenizer = await loadTokenizer(folder, config);
		const { text, ids } = await reference(name);
		const all = [tokenizer.bosId, ...tokenizer.encode(text)];
		expect(all.slice(0, ids.length)).toEqual(ids);
		expect(tokenizer.bosId).toBe(config.bosId);
		expect(tokenizer.size).toBe(config.vocab);
	});
}
