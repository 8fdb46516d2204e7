import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ModelFolders, typedFolder } from './modelFolders.ts';

let home: string;
beforeEach(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-folders-'));
});
afterEach(() => rm(home, { recursive: true }));

describe('folders of models', () => {
	it('that a page added are there after a restart, behind those of the command', async () => {
		const before = new ModelFolders(home, ['/given']);
		before.add('/one');
		before.add('/two');
		before.add('/one');
		before.add('/given');
		const after = new ModelFolders(home, ['/given']);
		await after.load();
		expect(after.all).toEqual(['/given', '/one', '/two']);
		after.remove('/one');
		expect(after.added).toEqual(['/two']);
		expect(JSON.parse(await readFile(join(home, 'model-folders.json'), 'utf8'))).toEqual({
			format: 'spanwise/model-folders',
			version: 1,
			folders: ['/two']
		});
	});
	it('of a file that is not understood are none, and the file stays', async () => {
		const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
		await writeFile(join(home, 'model-folders.json'), '{"format": "other"}');
		const folders = new ModelFolders(home, []);
		await folders.load();
		expect(folders.all).toEqual([]);
		expect(said.mock.calls[0][0]).toMatch(/folders of models that were added are not known/);
		said.mockRestore();
	});
	it('are at most a hundred', () => {
		const folders = new ModelFolders(home, []);
		for (let at = 0; at < 100; at++) folders.add(`/${at}`);
		expect(() => folders.add('/more')).toThrow(/100 were added; remove one/);
	});
});

describe('a folder as it was typed', () => {
	it('may have quotes, be an address, or begin at home', () => {
		expect(typedFolder(' "/models/a b" ')).toBe('/models/a b');
		expect(typedFolder('file:///models/a%20b')).toBe('/models/a b');
		expect(typedFolder('~/models')).toBe(join(homedir(), 'models'));
	});
	it('may be a file of a model, whose folder it stands for', () => {
		expect(typedFolder('/models/llama/config.json')).toBe('/models/llama');
		expect(typedFolder('/models/llama/model.onnx')).toBe('/models/llama');
	});
	it('is refused where it is empty', () => {
		expect(() => typedFolder(' ""')).toThrow('folder: empty; expected the path of a model');
	});
});
