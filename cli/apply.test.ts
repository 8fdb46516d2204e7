import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeployRecord } from '../analysis/apply/types.ts';
import { runCommand } from '../tests/builders/command.ts';
import { writeTinyCheckpoint } from '../tests/builders/checkpoint.ts';
import { planFor } from '../tests/builders/deployed.ts';

let scratch: string;
let model: string;
let planFile: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-apply-'));
	model = join(scratch, 'model');
	await writeTinyCheckpoint(model, { config: { head_dim: 16, num_hidden_layers: 4 } });
	planFile = join(scratch, 'plan.json');
	await writeFile(planFile, JSON.stringify(await planFor(model, [0, 0, 2, null])));
});
afterAll(() => rm(scratch, { recursive: true }));

const run = (command: string, ...args: string[]) =>
	runCommand([command, model, '--home', join(scratch, 'home'), ...args]);

describe('spanwise apply', () => {
	it('writes the model with the plan applied and says what was compared', async () => {
		const out = join(scratch, 'planned');
		const { code, stdout, stderr } = await run('apply', '--plan', planFile, '--out', out);
		expect(code).toBe(0);
		expect(stdout).toContain('1 follower, 1 dropped');
		expect(stdout).toContain('keys of 2 layers, values of 3');
		expect(stdout).toMatch(/verified +64 tokens: logits differ by \d/);
		expect(stderr).toContain('warning: This plan was made for model');
		expect(await readdir(join(out, 'onnx'))).toEqual(['model.onnx', 'model.onnx_data']);
	});

	it('writes the model as it is without a plan, unverified where asked, and prints the record', async () => {
		const out = join(scratch, 'baseline');
		const { code, stdout } = await run('apply', '--out', out, '--no-verify', '--json');
		expect(code).toBe(0);
		const record = JSON.parse(stdout) as DeployRecord;
		expect(record).toMatchObject({ plan: null, verified: null, target: 'onnx', dtype: 'fp32' });
		expect(JSON.parse(await readFile(join(out, 'spanwise.json'), 'utf8'))).toEqual(record);
	});

	it.each(['transformers', 'safetensors'])(
		'writes a %s folder that other commands take',
		async (to) => {
			const out = join(scratch, to);
			const python = ['--python', join(scratch, 'no-python')];
			const written = await run('apply', '--plan', planFile, '--out', out, '--to', to, ...python);
			expect(written.code).toBe(0);
			expect(written.stdout).toContain(`${out}: transformers, `);
			expect(written.stderr).toMatch(/note: not loaded by transformers: .*no-python: not found/);
			expect(await readFile(join(out, 'README.md'), 'utf8')).toContain(
				`spanwise apply ${model} --plan ${planFile} --to transformers --out ${out}`
			);
			const text = join(scratch, 'sea.txt');
			await writeFile(text, 'the sea and the rain on the sand. '.repeat(30));
			const { code, stdout } = await runCommand([
				...['evaluate', out, '--plan', planFile, '--text', text, '--home', join(scratch, 'home')],
				...['--context', '40', '--windows', '2', '--json']
			]);
			expect(code).toBe(0);
			expect(JSON.parse(stdout)).toMatchObject({ delta: { loss: 0 }, agreement: 1 });
		}
	);

	it.each([
		[
			'an unknown type',
			['--dtype', 'int4'],
			/argument 'int4' is invalid. Allowed choices are fp32/
		],
		['safetensors without a plan', ['--to', 'safetensors'], /--to transformers needs --plan/],
		['no folder to write', [], /required option '--out <folder>' not specified/]
	])('refuses %s', async (_, args, message) => {
		const out = args.length > 0 ? ['--out', join(scratch, 'refused')] : [];
		const { code, stderr } = await run('apply', ...args, ...out);
		expect(code).toBe(2);
		expect(stderr).toMatch(message);
		expect(await readdir(scratch)).not.toContain('refused');
	});

	it('refuses a folder that holds something, and a plan for other layers', async () => {
		const full = await run('apply', '--out', model);
		expect([full.code, full.stderr]).toEqual([
			2,
			expect.stringContaining('exists and is not empty; expected a new or an empty folder')
		]);
		const other = join(scratch, 'other.json');
		const plan = await planFor(
			'models/mini-llama2',
			Array.from({ length: 16 }, (_, l) => l)
		);
		await writeFile(other, JSON.stringify(plan));
		const out = join(scratch, 'refused');
		const { code, stderr } = await run('apply', '--plan', other, '--out', out);
		expect([code, stderr]).toEqual([
			2,
			expect.stringContaining('plan for mini-llama2: 16 layers; model has 4')
		]);
	});
});

describe('spanwise bench refuses', () => {
	it.each([
		['neither plan nor second model', [], '--plan: missing; or --against, a written model'],
		['more tokens than positions', ['--prompt', '300'], 'positions for at most 256'],
		['both', ['--against', 'x'], '--plan and --against: both given; allowed: one of them']
	])('%s', async (what, args, message) => {
		const plan = what.startsWith('neither') ? [] : ['--plan', planFile];
		const { code, stderr } = await run('bench', ...plan, ...args);
		expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
	});
});
