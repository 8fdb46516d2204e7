import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { smallDecoderBytes } from '../tests/builders/onnxDecoder.ts';
import { runCommand } from '../tests/builders/command.ts';

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-inspect-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('prints a table of layers, inputs and outputs, and why a model cannot be analysed', async () => {
	const file = join(folder, 'model.onnx');
	await writeFile(file, smallDecoderBytes({ form: 'GroupQueryAttention' }));
	const { code, stdout } = await runCommand(['inspect', file]);
	expect(code).toBe(0);
	expect(stdout).toContain('com.microsoft.GroupQueryAttention');
	expect(stdout).toContain('4th output, qk_output=2');
	expect(stdout).toContain('input_ids');
	expect(stdout).toMatch(/can be analysed +yes/);
});

it('prints the same as JSON', async () => {
	await writeFile(join(folder, 'some.onnx'), smallDecoderBytes({ form: 'Attention' }));
	const { stdout } = await runCommand(['inspect', folder, '--json']);
	const report: unknown = JSON.parse(stdout);
	expect(report).toMatchObject({ opset: 23, layers: [{ heads: 4, kvHeads: 2 }, {}, {}] });
});

it('refuses a folder without ONNX model, and several without model.onnx', async () => {
	expect((await runCommand(['inspect', folder])).stderr).toContain('no ONNX model in it');
	for (const name of ['a.onnx', 'b.onnx']) await writeFile(join(folder, name), '');
	const { code, stderr } = await runCommand(['inspect', folder]);
	expect(code).toBe(2);
	expect(stderr).toContain('several ONNX files, a.onnx, b.onnx; name one of them');
});
