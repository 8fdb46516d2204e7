import { expect, test } from 'vitest';
import { documentsOf, listSamples } from './texts.ts';

const root = process.cwd();

test('the bundled samples are the texts that samples.json describes', async () => {
	const samples = await listSamples(root);
	const documents = await documentsOf(
		samples.map(({ id }) => ({ sample: id })),
		root
	);
	expect(samples).toHaveLength(4);
	expect(documents.map(({ name }) => name)).toEqual(samples.map(({ id }) => `${id}.txt`));
	expect(documents.map(({ text }) => text.length)).toEqual(
		samples.map(({ characters }) => characters)
	);
});

test.each([
	['', 'text a.txt: empty; expected some words'],
	[' \n\t', 'text a.txt: empty; expected some words'],
	[
		'caf\uFFFD',
		'text a.txt: not UTF-8 (character 3 was not readable); save it as UTF-8 and try again'
	],
	['half \uD800', 'text a.txt: not UTF-8; save it as UTF-8 and try again'],
	['x'.repeat(16_000_001), 'texts: 16.0 MB; at most 16 MB together']
])('a text that cannot be used is refused with the reason', async (text, message) => {
	await expect(documentsOf([{ name: 'a.txt', text }], root)).rejects.toThrow(message);
});

test('a sample is named by its id, never by a path', async () => {
	await expect(documentsOf([{ sample: '../../package.json' }], root)).rejects.toThrow(
		'sample text ../../package.json: not known'
	);
});
