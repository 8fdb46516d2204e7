import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallDecoderBytes } from '../../tests/builders/onnxDecoder.ts';
import { findForm, formOf, holdsModel } from './form.ts';
import { openModel, requireCheckpoint } from './open.ts';

let home: string;
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-form-'));
	const files = {
		'checkpoint/config.json': '{}',
		'checkpoint/model.safetensors': '',
		'both/config.json': '{}',
		'both/model.safetensors': '',
		'both/onnx/model.onnx': '',
		'exported/config.json': '{}',
		'exported/model.onnx': smallDecoderBytes(),
		'nested/onnx/model.onnx': '',
		'several/a.onnx': '',
		'several/b.onnx': '',
		'texts/a.txt': 'no model',
		blob: 'GGUF …'
	};
	for (const [name, bytes] of Object.entries(files)) {
		await mkdir(dirname(join(home, name)), { recursive: true });
		await writeFile(join(home, name), bytes);
	}
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe('the form of a model', () => {
	it.each([
		['checkpoint', 'checkpoint', 'checkpoint'],
		['both', 'checkpoint', 'both'],
		['exported', 'onnx', 'exported/model.onnx'],
		['nested', 'onnx', 'nested/onnx/model.onnx'],
		['several/b.onnx', 'onnx', 'several/b.onnx'],
		['blob', 'gguf', 'blob'],
		['texts', 'checkpoint', 'texts']
	])('of %s is %s, at %s', async (name, form, path) => {
		const named = { form, path: join(home, path) };
		expect(await formOf(join(home, name))).toEqual(named);
		expect(await findForm(join(home, name))).toEqual(named);
	});

	it('of several ONNX files is not guessed', async () => {
		const told = /several: several ONNX files, a\.onnx, b\.onnx; name one of them/;
		await expect(formOf(join(home, 'several'))).rejects.toThrow(told);
		await expect(findForm(join(home, 'several'))).rejects.toThrow(told);
	});

	it.each(['none', 'none.onnx', 'texts/a.txt'])('of %s is none', async (name) => {
		expect(await findForm(join(home, name))).toBeNull();
	});
});

describe('a model is held', () => {
	it.each(['checkpoint', 'exported', 'nested', 'several', 'several/a.onnx', 'blob'])(
		'by %s',
		async (name) => {
			expect(await holdsModel(join(home, name))).toBe(true);
		}
	);
	it.each(['texts', 'texts/a.txt', 'none.onnx'])('not by %s', async (name) => {
		expect(await holdsModel(join(home, name))).toBe(false);
	});
});

it('an ONNX model is refused where only a checkpoint will do, with the commands that take one', async () => {
	const model = await openModel(join(home, 'exported'));
	expect(() => {
		requireCheckpoint(model);
	}).toThrow(
		`${join(home, 'exported', 'model.onnx')}: an ONNX model; only analyze, inspect, evaluate, apply and bench take one; name the folder of the checkpoint that it came from`
	);
	await model.close();
});
