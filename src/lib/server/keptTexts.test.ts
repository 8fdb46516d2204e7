import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { documentFacts } from '$analysis/model/tokens/documents.ts';
import { keepTexts, keptPath, removeUnusedTexts, textNames } from './keptTexts.ts';

let home: string;
beforeEach(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-kept-'));
});
afterEach(() => rm(home, { recursive: true }));

const pasted = { name: 'pasted text', text: 'Sand, and rain.\n' };

describe('a text of the page', () => {
	it('is named by the command where it was kept, word for word', async () => {
		await keepTexts([{ sample: 'walden' }, pasted], home);
		const [sample, kept] = textNames([{ sample: 'walden' }, pasted], home);
		expect(sample).toBe('static/samples/walden.txt');
		expect(basename(kept)).toBe('pasted_text.txt');
		expect(await readFile(kept, 'utf8')).toBe(pasted.text);
		await keepTexts([pasted], home);
		expect(await readdir(dirname(kept))).toEqual(['pasted_text.txt']);
	});
	it('has a path inside the workspace, whatever it is called', () => {
		for (const name of ['../../etc/passwd', '/a', '..', '\n$(x)', 'ü'.repeat(200)]) {
			const path = keptPath({ ...pasted, name }, home);
			expect(dirname(dirname(path))).toBe(join(home, 'texts'));
			expect(basename(path)).toMatch(/^[\w-][\w.-]*\.\w+$/);
			expect(basename(path).length).toBeLessThan(100);
		}
	});
	it('that cannot be kept is refused with its name', async () => {
		await writeFile(join(home, 'file'), '');
		await expect(keepTexts([pasted], join(home, 'file'))).rejects.toThrow(
			/^text pasted text: cannot be kept as /
		);
	});
	it('goes when no run, result or job names it', async () => {
		const other = { name: 'b.txt', text: 'b' };
		const waiting = { name: 'c.txt', text: 'c' };
		const gone = { name: 'd.txt', text: 'd' };
		await keepTexts([pasted, other, waiting, gone], home);
		await removeUnusedTexts(home, () =>
			Promise.resolve({
				hashes: [pasted, other].map((text) => documentFacts(text).sha256),
				commands: [`spanwise analyze m --text ${keptPath(waiting, home)}`]
			})
		);
		const kept = [pasted, other, waiting].map((text) => basename(dirname(keptPath(text, home))));
		expect((await readdir(join(home, 'texts'))).sort()).toEqual(kept.sort());
	});
	it('stays where what may name it cannot be read', async () => {
		await keepTexts([pasted], home);
		await removeUnusedTexts(home, () => Promise.reject(new Error('run x: a newer version')));
		expect(await readFile(keptPath(pasted, home), 'utf8')).toBe(pasted.text);
	});
});
