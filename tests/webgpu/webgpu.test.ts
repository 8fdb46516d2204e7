import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { AskedDevice } from '../../analysis/engine/onnxDevices.ts';
import { FLOAT, GraphBuilder } from '../../analysis/proto/builder.ts';
import { METRICS, VIEWS } from '../../analysis/similarity/types.ts';
import { readRun, readSums } from '../../analysis/workspace/run/read.ts';
import { similarityMatrix } from '../../analysis/similarity/measure.ts';
import { nullMatrix } from '../../analysis/similarity/null.ts';

/** TensorProto.DataType of float64, which no shader has. */
const DOUBLE = 11n;
/** Both devices in float32; see the tolerances of the design. */
const [SIMILARITY, LOSS] = [1e-5, 2e-5];

let home: string;
beforeAll(async () => {
	// The loader reads it when the first session on a GPU is made.
	process.env.VK_ICD_FILENAMES = inject('vulkanDriver');
	home = await mkdtemp(join(tmpdir(), 'spanwise-webgpu-'));
});
afterAll(() => rm(home, { recursive: true }));

async function analysed(device: AskedDevice) {
	const { analyze } = await import('../builders/opened.ts');
	const text = await readFile('static/samples/walden.txt', 'utf8');
	const runFolder = join(home, device);
	await analyze(
		{
			modelFolder: 'models/mini-llama3',
			documents: [{ name: 'walden.txt', text }],
			context: 32,
			windows: 2,
			metrics: [...METRICS],
			views: [...VIEWS],
			jsRows: 8,
			recall: false,
			memoryLimitBytes: 4e9,
			home,
			device
		},
		{ runFolder, id: device, command: 'spanwise analyze', onProgress: () => undefined }
	);
	const run = await readRun(runFolder);
	const matrices = [];
	for (const view of VIEWS) {
		const sums = await readSums(runFolder, run, view);
		for (const metric of METRICS) matrices.push(similarityMatrix(sums, metric));
		matrices.push(nullMatrix(sums, 'cosine') ?? new Float64Array(0));
	}
	return { run, matrices };
}

it('gives by WebGPU what the CPU gives, every operator on the device, and records it', async () => {
	const [cpu, gpu] = [await analysed('cpu'), await analysed('webgpu')];
	expect(gpu.run.engine).toMatchObject({ name: 'onnxruntime', path: 'resident', device: 'webgpu' });
	expect(cpu.run.engine).toMatchObject({ device: 'cpu' });
	expect(Math.abs(gpu.run.loss - cpu.run.loss)).toBeLessThan(LOSS);
	for (const [at, matrix] of gpu.matrices.entries()) {
		expect(matrix.length).toBe(cpu.matrices[at].length);
		for (const [cell, value] of matrix.entries())
			expect(Math.abs(value - cpu.matrices[at][cell])).toBeLessThan(SIMILARITY);
	}
});

it('does not let an operator that the device lacks run on the CPU', async () => {
	const { createWeightSession } = await import('../../analysis/engine/session.ts');
	const graph = new GraphBuilder('doubles');
	graph.input('a', [4]);
	const wide = graph.node('wide', 'Cast', ['a'], { attributes: { to: DOUBLE } });
	graph.node('b', 'Cast', [wide], { outputs: ['b'], attributes: { to: BigInt(FLOAT) } });
	graph.output('b', [4]);
	await expect(createWeightSession(graph.build(), home, { device: 'webgpu' })).rejects.toThrow();
	// The same graph is one that the CPU runs.
	await (await createWeightSession(graph.build(), home)).release();
});

it('says that something is there', async () => {
	const { webgpuProblem } = await import('../../analysis/engine/webgpu.ts');
	expect(await webgpuProblem()).toBeNull();
});

it('refuses float16 on a GPU that computes nothing in 16 bits, as this one in software', async () => {
	const { chooseDevice } = await import('../../analysis/engine/webgpu.ts');
	await expect(chooseDevice({ device: 'webgpu', dtype: 'float16' })).rejects.toThrow(
		'dtype float16: this GPU computes nothing in 16 bits (shader-f16); leave --dtype out'
	);
});
