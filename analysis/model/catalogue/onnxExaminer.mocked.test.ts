import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { cachedOnnx } from '../../../tests/builders/cachedOnnx.ts';
import { letterTokenizer } from '../../../tests/builders/letterTokenizer.ts';
import { writeOnnxFolder } from '../../../tests/builders/onnxFolder.ts';
import type * as Read from '../onnx/read.ts';
import { OnnxExaminer } from './onnx.ts';

/** Hook that runs once a file was read, and before it is looked into. */
const meanwhile = vi.hoisted(() => ({ happen: () => Promise.resolve() }));
vi.mock('../onnx/read.ts', async (original) => {
	const real = await original<typeof Read>();
	const readOnnx: typeof real.readOnnx = async (file, options) => {
		const onnx = await real.readOnnx(file, options);
		await meanwhile.happen();
		return onnx;
	};
	return { ...real, readOnnx };
});

let home: string;
let file: string;
beforeEach(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-examiner-'));
	file = await writeOnnxFolder(join(home, 'model'), cachedOnnx({ form: 'softmax' }), {
		dataFiles: 1
	});
	await writeFile(join(dirname(file), 'tokenizer.json'), JSON.stringify(letterTokenizer()));
});
afterEach(async () => {
	meanwhile.happen = () => Promise.resolve();
	await rm(home, { recursive: true });
});

it('remembers why a file cannot be read until it, or what lies beside it, is another', async () => {
	const examiner = new OnnxExaminer();
	const data = join(dirname(file), 'model.onnx_data');
	const bytes = await readFile(data);
	await rm(data);
	const missing = await examiner.examine(file);
	expect(missing?.problem).toMatch(/missing external data/);
	expect(await examiner.examine(file)).toBe(missing);

	await writeFile(data, bytes.subarray(0, 10));
	const short = await examiner.examine(file);
	expect(short?.problem).toMatch(/the file was cut short/);
	expect(await examiner.examine(file)).toBe(short);

	await writeFile(data, bytes);
	const whole = await examiner.examine(file);
	expect(whole?.problem).toBeNull();

	await truncate(file, 100);
	const broken = await examiner.examine(file);
	expect(broken?.problem).toMatch(/cannot be read as an ONNX model/);
	expect(await examiner.examine(file)).toBe(broken);
});

it('reads a file again where the reading failed', async () => {
	const folder = dirname(file);
	const examiner = new OnnxExaminer();
	const failed = await examiner.examine(folder);
	expect(failed?.problem).toMatch(/EISDIR/);
	expect(await examiner.examine(folder)).not.toBe(failed);
});

it('looks again into a file that changed while it was looked into', async () => {
	const examiner = new OnnxExaminer();
	meanwhile.happen = () => truncate(file, 100);
	expect((await examiner.examine(file))?.problem).toBeNull();
	expect((await examiner.examine(file))?.problem).toMatch(/cannot be read as an ONNX model/);
});
