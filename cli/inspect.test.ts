import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeTinyCheckpoint, writeUnknownFamily } from '../tests/builders/checkpoint.ts';
import { smallDecoder, smallDecoderBytes } from '../tests/builders/onnxDecoder.ts';
import { onnxBytes } from '../tests/builders/cachedOnnx.ts';
import { deploy, planFor } from '../tests/builders/deployed.ts';
import { writeGguf } from '../tests/builders/gguf.ts';
import { ggufOf } from '../tests/builders/ggufOf.ts';
import { smallDecoderPlan } from '../tests/builders/onnxPlan.ts';
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

it('says that only PyTorch runs a family that the program does not know, and that it is not written', async () => {
	await writeTinyCheckpoint(folder);
	const plan = await planFor(folder, [0, 0, 2]);
	await writeUnknownFamily(folder);
	const { code, stdout, stderr } = await runCommand(['inspect', folder]);
	expect(code).toBe(0);
	expect(stdout).toMatch(
		/runs on +PyTorch only \(--engine torch\): architecture is "NewForCausalLM"/
	);
	expect(stderr).toBe('note: only PyTorch runs this model: architecture is "NewForCausalLM"\n');
	const planFile = join(folder, 'plan.json');
	await writeFile(planFile, JSON.stringify(plan));
	const checked = await runCommand(['inspect', folder, '--plan', planFile]);
	expect(checked.code).toBe(2);
	expect(checked.stderr).toContain(
		'can be analysed, measured and searched with --engine torch, but not written'
	);
	expect(JSON.parse((await runCommand(['inspect', folder, '--json'])).stdout)).toMatchObject({
		facts: { onlyTorch: 'architecture is "NewForCausalLM"' }
	});
});

it('gives the same facts of a checkpoint, and which layers follow by its own config', async () => {
	await writeTinyCheckpoint(folder);
	const { code, stdout } = await runCommand(['inspect', folder]);
	expect(code).toBe(0);
	expect(stdout).toMatch(/architecture +LlamaForCausalLM/);
	expect(stdout).toMatch(
		/ 0 +checkpoint +model\.layers\.0\.self_attn +\d+ \(\d+\) +none .*yes: loses/
	);
	const json: unknown = JSON.parse((await runCommand(['inspect', folder, '--json'])).stdout);
	expect(json).toMatchObject({ folder, facts: { architecture: 'LlamaForCausalLM' } });
});

it('numbers the layers of a planned ONNX model as the model does, and says that none can follow', async () => {
	const model = join(folder, 'model');
	await writeTinyCheckpoint(model, { config: { head_dim: 16 } });
	const planned = join(folder, 'planned');
	await deploy(model, planned, { plan: await planFor(model, [0, 0, 2]) });
	const { code, stdout } = await runCommand(['inspect', planned]);
	expect(code).toBe(0);
	expect(stdout).toMatch(/plan +2 of 3 layers compute their own attention/);
	const rows = stdout.split('\n').filter((line) => line.includes('already written with a plan'));
	expect(rows.map((row) => row.trim().split(' ')[0])).toEqual(['0', '2']);
	expect(stdout).not.toContain('yes: loses');
});

it('numbers layers of a planned ONNX model by their nodes where a source was not found', async () => {
	const model = join(folder, 'model');
	await writeTinyCheckpoint(model);
	const planned = join(folder, 'planned');
	await deploy(model, planned, { plan: await planFor(model, [0, 0, 2]) });
	const { stdout } = await runCommand(['inspect', planned]);
	expect(stdout).toMatch(/^ *2 +Softmax +\/model\/layers\.2\/attn\/Softmax /m);
	expect(stdout).not.toMatch(/^ *[01] +Softmax /m);
});

it('refuses a folder without model, and several ONNX files without model.onnx', async () => {
	expect((await runCommand(['inspect', folder])).stderr).toContain('no config.json');
	for (const name of ['a.onnx', 'b.onnx']) await writeFile(join(folder, name), '');
	const { code, stderr } = await runCommand(['inspect', folder]);
	expect(code).toBe(2);
	expect(stderr).toContain('several ONNX files, a.onnx, b.onnx; name one of them');
});

describe('inspect --plan', () => {
	let file: string;
	let planFile: string;
	beforeEach(async () => {
		file = join(folder, 'model.onnx');
		planFile = join(folder, 'plan.json');
		await writeFile(file, smallDecoderBytes({ form: 'GroupQueryAttention' }));
	});
	const inspect = async (sources: (number | null)[], ...args: string[]) => {
		await writeFile(planFile, JSON.stringify(smallDecoderPlan(sources)));
		const home = ['--home', join(folder, 'home')];
		return runCommand(['inspect', file, '--plan', planFile, ...home, ...args]);
	};

	it('says layer by layer what a plan does, and that it can be applied', async () => {
		const { code, stdout, stderr } = await inspect([0, 0, null]);
		expect([code, stderr]).toEqual([0, '']);
		const ends = stdout.split('\n').map((line) => line.split('  ').at(-1));
		for (const words of ['own attention', 'follows 0', 'dropped']) expect(ends).toContain(words);
		expect(stdout).toContain('The plan can be applied.');
	});

	it('exits with 2 where a layer cannot follow, after the table that says which and why', async () => {
		const proto = smallDecoder({ form: 'GroupQueryAttention' });
		const attention = proto.graph?.node.filter(({ opType }) => opType === 'GroupQueryAttention');
		if (attention?.[0]) attention[0].opType = 'PagedAttention';
		await writeFile(file, onnxBytes(proto));
		const { code, stdout, stderr } = await inspect([0, 0, 2]);
		expect(code).toBe(2);
		expect(stdout).toMatch(
			/cannot follow 0: layer 0: com\.microsoft\.PagedAttention .* cannot be a source/
		);
		expect(stdout).not.toContain('The plan can be applied.');
		expect(stderr).toMatch(/plan\.json: cannot be applied: .*layer 0: .* cannot be a source/);
	});

	it('exits with 2 for a plan of another number of layers, and has the reason in the JSON', async () => {
		const { code, stdout } = await inspect([0, 0, 2, 3], '--json');
		expect(code).toBe(2);
		const report: unknown = JSON.parse(stdout);
		expect(report).toMatchObject({
			layers: [{}, {}, {}],
			plan: { problem: expect.stringContaining('4 layers') as unknown }
		});
	});

	it('checks a plan against a checkpoint', async () => {
		const checkpoint = join(folder, 'checkpoint');
		await writeTinyCheckpoint(checkpoint);
		await writeFile(planFile, JSON.stringify(await planFor(checkpoint, [0, 0, 2])));
		const { code, stdout } = await runCommand(['inspect', checkpoint, '--plan', planFile]);
		expect(code).toBe(0);
		expect(stdout).toContain('follows 0');
		expect(stdout).toMatch(
			/--to onnx {2}yes\n--to transformers {2}yes\n--to gguf {2}.*layer 1 follows/
		);
	});

	it('exits with 2 where apply writes the model in no form', async () => {
		const sources = Array.from({ length: 16 }, (_, layer) => (layer === 1 ? 0 : layer));
		const plan = await planFor('models/mini-llama2', sources);
		await writeFile(planFile, JSON.stringify(plan));
		const { metadata, tensors } = await ggufOf('models/mini-llama2', 'sentencepiece');
		const file = await writeGguf(join(folder, 'plain.gguf'), metadata, tensors);
		const { code, stdout, stderr } = await runCommand(['inspect', file, '--plan', planFile]);
		expect(code).toBe(2);
		expect(stdout).not.toContain('The plan can be applied.');
		expect(stderr).toMatch(
			/plan\.json: can be evaluated, but not applied: onnx: .* is a GGUF file.*; transformers: .* is a GGUF file.*; gguf: .*layer 1 follows layer 0/
		);
	});

	it('exits with 2 where the refitted weights that the plan names do not lie beside it', async () => {
		const checkpoint = join(folder, 'checkpoint');
		await writeTinyCheckpoint(checkpoint);
		const repair = { file: 'repair.safetensors', sha256: '0'.repeat(64), strength: 1 };
		const plan = { ...(await planFor(checkpoint, [0, 0, 2])), repair };
		await writeFile(planFile, JSON.stringify(plan));
		const { code, stdout, stderr } = await runCommand(['inspect', checkpoint, '--plan', planFile]);
		expect(code).toBe(2);
		expect(stdout).not.toContain('The plan can be applied.');
		expect(stderr).toMatch(
			/plan\.json: cannot be applied: .*repair\.safetensors: .* cannot be read/
		);
	});
});
