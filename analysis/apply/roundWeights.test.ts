import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { cachedOnnx } from '../../tests/builders/cachedOnnx.ts';
import { deploy } from '../../tests/builders/deployed.ts';
import { writeOnnxFolder } from '../../tests/builders/onnxFolder.ts';

const MODEL = 'models/mini-llama2';

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-round-'));
});
afterAll(() => rm(scratch, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

/** A Python that says on stderr what a real one would, and fails. */
async function failingPython(words: string): Promise<void> {
	const file = join(scratch, 'python');
	await writeFile(file, `#!/bin/sh\necho "${words}" >&2\nexit 1\n`, { mode: 0o755 });
	vi.stubEnv('SPANWISE_PYTHON', file);
}

describe('rounded weights', () => {
	it('need a Python with onnxruntime and onnx, and leave nothing without one', async () => {
		await failingPython("ModuleNotFoundError: No module named 'onnxruntime'");
		const out = join(scratch, 'out');
		await expect(deploy(MODEL, out, { weights: 'int4' })).rejects.toThrow(
			/cannot round weights: it has no module onnxruntime\. It takes a Python with onnxruntime, onnx and onnx-ir, named by --python or SPANWISE_PYTHON: .* -m pip install onnxruntime onnx onnx-ir/
		);
		expect(await readdir(scratch)).not.toContain('out');
	});

	it('are for decoders in float32 that are written of a checkpoint', async () => {
		const out = join(scratch, 'out');
		await expect(deploy(MODEL, out, { weights: 'int8', dtype: 'fp16' })).rejects.toThrow(
			'--weights int8 with --dtype fp16: activations and cache stay float32 beside rounded weights; remove --dtype'
		);
		await expect(deploy(MODEL, out, { weights: 'int8', target: 'transformers' })).rejects.toThrow(
			'--weights int8: only --to onnx rounds weights; remove it'
		);
		const file = await writeOnnxFolder(join(scratch, 'given'), cachedOnnx({ form: 'softmax' }));
		await expect(deploy(file, out, { weights: 'int8' })).rejects.toThrow(
			"--weights int8: an ONNX model keeps its weights; round it with onnxruntime's own quantizer"
		);
	});
});
