import { appendFile, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attentionLayout } from '../analysis/engine/layout.ts';
import { WeightSource } from '../analysis/engine/weights.ts';
import { openCheckpoint } from '../analysis/model/checkpoint/open.ts';
import { WeightReader } from '../analysis/model/checkpoint/read.ts';
import type { BaselineAccuracy } from '../analysis/measure/choices/baseline.ts';
import type { EvaluateReport } from '../analysis/measure/evaluate/types.ts';
import { makePlan } from '../analysis/plan/planFile.ts';
import { planSpans } from '../analysis/plan/spans.ts';
import type { Plan, Sources } from '../analysis/plan/types.ts';
import { encodeRepairs, repairHash } from '../analysis/engine/repair/file.ts';
import { fitRepairs } from '../analysis/engine/repair/fit.ts';
import { writeTinyCheckpoint } from '../tests/builders/checkpoint.ts';
import { runCommand } from '../tests/builders/command.ts';
import { deploy } from '../tests/builders/deployed.ts';

let folder: string;
const at = (name: string) => join(folder, name);

async function writePlan(name: string, sources: Sources): Promise<void> {
	const model = { name: 'tiny', architecture: 'LlamaForCausalLM', heads: 4, kvHeads: 2 };
	const plan = makePlan({
		model: { ...model, layers: sources.length, hash: 'other' },
		sources,
		spans: planSpans(sources, null),
		definition: null,
		predicted: null
	});
	await writeFile(at(name), JSON.stringify(plan));
}

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-evaluate-'));
	await writeTinyCheckpoint(at('tiny'), { config: { num_hidden_layers: 5 } });
	// Windows that differ, so that intervals have a width.
	const lines = Array.from({ length: 60 }, (_, n) => `the sand ${(n * 7919) % 997} and the rain`);
	await writeFile(at('text.txt'), lines.join('. '));
	await writePlan('none.json', [0, 1, 2, 3, 4]);
	await writePlan('shared.json', [0, 1, 1, 1, 4]);
	await writePlan('short.json', [0, 1, 1]);
});

afterAll(() => rm(folder, { recursive: true }));

function evaluate(plan: string, ...args: string[]) {
	const small = ['--text', at('text.txt'), '--context', '32', '--windows', '4', '--recall', 'off'];
	const given = ['evaluate', at('tiny'), '--plan', at(plan), ...small, ...args];
	return runCommand([...given, '--home', at('home')]);
}

async function readPlan(name: string): Promise<Plan> {
	return JSON.parse(await readFile(at(name), 'utf8')) as Plan;
}

describe('spanwise evaluate', () => {
	it('--json prints the report and nothing else on stdout; the estimate goes to stderr', async () => {
		const { code, stdout, stderr } = await evaluate('shared.json', '--json');
		expect(code).toBe(0);
		const report = JSON.parse(stdout) as EvaluateReport;
		expect(Object.keys(report)).toEqual([
			'baseline',
			'shared',
			'delta',
			'kl',
			'agreement',
			'windows',
			'worst',
			'cost',
			'gates'
		]);
		for (const figures of [report.baseline, report.shared]) {
			expect(Object.keys(figures)).toEqual(['loss', 'perplexity', 'bitsPerByte', 'tokens']);
		}
		expect(report.windows).toHaveLength(4);
		expect(report.delta.over).toBe('blocks');
		expect(report.gates).toBeNull();
		expect(stderr).toMatch(
			/(^|\n)tiny, 4 × 32 tokens: will take .* of memory \(limit .*\) and roughly/
		);
	});

	it('without --json says the same for a person, with intervals and what is measured', async () => {
		const { code, stdout } = await evaluate('shared.json');
		expect(code).toBe(0);
		expect(stdout).toMatch(/planned +\d+\.\d{4} +\d+\.\d{4} +\d+\.\d{4}\n/);
		expect(stdout).toMatch(
			/loss increase +−?\d.*\[.*\] nats\/token, 95% CI over blocks of windows of one document/
		);
		expect(stdout).toMatch(/prefill \(measured\) .*ratio/);
		expect(stdout).toMatch(/savings \(predicted\) +2 followers/);
	});

	it('warns where the plan was made for other weights, and goes on', async () => {
		const { code, stderr } = await evaluate('none.json');
		expect(code).toBe(0);
		expect(stderr).toMatch(/^warning: This plan was made for tiny \(other\); this model, tiny \(/m);
	});

	it('leaves the plan alone without --write, and puts what was measured into it with it', async () => {
		await writePlan('written.json', [0, 1, 1, 3, 4]);
		const before = await readPlan('written.json');
		await evaluate('written.json');
		expect(await readPlan('written.json')).toEqual(before);

		const { stdout, stderr } = await evaluate('written.json', '--write', '--json');
		expect(stderr).toContain(`wrote what was measured into ${at('written.json')}\n`);
		const { measured, ...rest } = await readPlan('written.json');
		expect({ ...rest, measured: null }).toEqual(before);
		const report = JSON.parse(stdout) as EvaluateReport;
		expect(measured).toMatchObject({ delta: report.delta, kl: report.kl, windows: 4, context: 32 });
		expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
		const exported = await runCommand(['export', at('written.json'), '--to', 'csv']);
		expect(exported.code).toBe(0);
	});

	it('refuses a plan for another number of layers, a plan that is none, and no model', async () => {
		for (const [plan, message] of [
			['short.json', 'plan for tiny: 3 layers; tiny has 5'],
			['text.txt', 'not JSON']
		]) {
			const { code, stdout, stderr } = await evaluate(plan);
			expect([code, stdout]).toEqual([2, '']);
			expect(stderr).toContain(message);
			expect(stderr.match(/\n/g)).toHaveLength(1);
		}
	});
});

describe('a plan that names refitted weights', () => {
	/** Refits the follower of a plan on windows of made-up ids, as a search does on text. */
	async function writeRepaired(name: string, sources: Sources, file: string): Promise<void> {
		const checkpoint = await openCheckpoint(at('tiny'));
		const { config } = checkpoint;
		const reader = new WeightReader();
		const weights = new WeightSource(checkpoint, reader, { resident: true, hasher: null });
		const layout = attentionLayout(config, 32);
		const windows = [3, 5, 7].map((step) => ({
			ids: Array.from({ length: 32 }, (_, place) => (place * step) % config.vocab)
		}));
		const [repairs] = await fitRepairs({ config, layout, weights }, { sources }, windows, [0.1]);
		await reader.close();
		const bytes = encodeRepairs(repairs, config);
		await writeFile(at(file), bytes);
		await writePlan(name, sources);
		const repair = { file, sha256: repairHash(bytes), strength: 0.1 };
		await writeFile(at(name), JSON.stringify({ ...(await readPlan(name)), repair }));
	}

	it('is evaluated with them, questions too', async () => {
		const sources: Sources = [0, 1, 1, null, 4];
		await writePlan('plain.json', sources);
		await writeRepaired('repaired.json', sources, 'repaired.safetensors');
		const line = { prompt: 'and the', choices: [' sand', ' rain'], answer: 0 };
		await writeFile(at('asked.jsonl'), JSON.stringify(line));
		const reports = [];
		for (const plan of ['plain.json', 'repaired.json']) {
			const args = ['--json', '--write', '--choices', at('asked.jsonl')];
			const { code, stdout } = await evaluate(plan, ...args);
			expect(code).toBe(0);
			reports.push(JSON.parse(stdout) as EvaluateReport);
		}
		const [plain, repaired] = reports;
		expect(repaired.baseline).toEqual(plain.baseline);
		expect(repaired.kl.mean).toBeLessThan(plain.kl.mean);
		expect(repaired.choices?.baseline).toEqual(plain.choices?.baseline);
		const { repair, measured } = await readPlan('repaired.json');
		expect(repair).toMatchObject({ file: 'repaired.safetensors', strength: 0.1 });
		expect(measured).toMatchObject({ kl: repaired.kl });
	});

	it('is refused where their file changed or is missing, before the model runs', async () => {
		await writeRepaired('broken.json', [0, 1, 1, 3, 4], 'broken.safetensors');
		await appendFile(at('broken.safetensors'), ' ');
		const changed = await evaluate('broken.json');
		expect([changed.code, changed.stdout]).toEqual([2, '']);
		expect(changed.stderr).toMatch(
			/^error: .*broken\.safetensors: SHA-256 \w+; the plan's refitted weights have \w+\n$/
		);
		await rm(at('broken.safetensors'));
		const missing = await evaluate('broken.json');
		expect([missing.code, missing.stdout]).toEqual([2, '']);
		expect(missing.stderr).toMatch(
			/^error: .*broken\.safetensors: the plan's refitted weights cannot be read: ENOENT.*\n$/
		);
	});
});

describe('an ONNX model', () => {
	const TEXT = ['--context', '32', '--windows', '4'];
	beforeAll(async () => {
		const { code, stderr } = await runCommand([
			...['apply', at('tiny'), '--out', at('exported')],
			...['--home', at('home')]
		]);
		expect(code, stderr).toBe(0);
		await writePlan('onnx.json', [0, 1, 1, null, 4]);
	});

	function evaluateOnnx(plan: string, ...args: string[]) {
		const given = ['evaluate', join(at('exported'), 'onnx', 'model.onnx'), '--plan', at(plan)];
		return runCommand([
			...[...given, '--text', at('text.txt'), ...TEXT],
			...[...args, '--home', at('home')]
		]);
	}

	it('is evaluated as the checkpoint that it came from, and what was measured is kept and written', async () => {
		const checkpoint = await evaluate('onnx.json', '--json');
		const onnx = await evaluateOnnx('onnx.json', '--json', '--write');
		expect(onnx.code, onnx.stderr).toBe(0);
		const [a, b] = [checkpoint, onnx].map(({ stdout }) => JSON.parse(stdout) as EvaluateReport);
		expect(Math.abs(a.delta.loss - b.delta.loss)).toBeLessThan(1e-5);
		expect(b.cost.measured.timed).toBe('model');
		expect((await readPlan('onnx.json')).measured).toMatchObject({
			delta: b.delta,
			model: { name: 'exported' }
		});
		expect(await readdir(at('exported'))).not.toContain('onnx.json');
		expect(onnx.stderr).toContain('saved to the workspace as exported-');
		expect(onnx.stderr).toMatch(/(^|\n)exported, 4 × 32 tokens: will take .* of memory/);
	});

	it('says that the whole model is timed, of a checkpoint that its layers are', async () => {
		const [onnx, checkpoint] = [await evaluateOnnx('onnx.json'), await evaluate('onnx.json')];
		expect(onnx.stdout).toMatch(/prefill \(measured\) +the whole model, /);
		expect(checkpoint.stdout).toMatch(/prefill \(measured\) +its layers, /);
	});

	it('takes a tokenizer that lies elsewhere', async () => {
		await rename(join(at('exported'), 'tokenizer.json'), at('elsewhere.json'));
		const without = await evaluateOnnx('onnx.json');
		expect(without.code).toBe(2);
		expect(without.stderr).toContain('no tokenizer.json');
		const { code, stderr } = await evaluateOnnx('onnx.json', '--tokenizer', at('elsewhere.json'));
		expect(code, stderr).toBe(0);
		await rename(at('elsewhere.json'), join(at('exported'), 'tokenizer.json'));
	});

	it('is refused with a plan that names refitted weights', async () => {
		const plan = await readPlan('onnx.json');
		const repair = { file: 'refit.safetensors', sha256: '0'.repeat(64), strength: 1 };
		await writeFile(at('refit.json'), JSON.stringify({ ...plan, repair }));
		const { code, stderr } = await evaluateOnnx('refit.json');
		expect(code).toBe(2);
		expect(stderr).toContain(
			'plan for tiny: names refitted weights (refit.safetensors), which fit a checkpoint: name that, or a plan without them'
		);
	});
});

describe('--choices', () => {
	it("adds both models' accuracies to the report, and a gate on them", async () => {
		const lines = [' sand 1', ' rain', ' sand'].map((choice, answer) =>
			JSON.stringify({ prompt: 'and the', choices: [choice, ' the the', '. and'], answer })
		);
		await writeFile(at('q.jsonl'), lines.join('\n'));
		const args = ['--choices', at('q.jsonl'), '--max-accuracy-drop', '1'];
		const { code, stdout, stderr } = await evaluate('none.json', '--json', ...args);
		expect(code).toBe(0);
		const { choices } = JSON.parse(stdout) as EvaluateReport;
		expect(choices).toMatchObject({ questions: 3, delta: { acc: { value: 0, low: 0, high: 0 } } });
		expect(stderr).toContain('gate --max-accuracy-drop: pass: accuracy drop 0.0000');
		const text = (await evaluate('none.json', ...args)).stdout;
		expect(text).toMatch(/acc_norm +\d+\.\d% +\d+\.\d% +0\.0%/);
	});

	it('without a plan asks the model alone: the accuracies that the baseline has beside a plan', async () => {
		const lines = [' sand 1', ' rain', ' sand'].map((choice, answer) =>
			JSON.stringify({ prompt: 'and the', choices: [choice, ' the the', '. and'], answer })
		);
		await writeFile(at('alone.jsonl'), lines.join('\n'));
		const alone = (...args: string[]) =>
			runCommand([
				...['evaluate', at('tiny'), '--choices', at('alone.jsonl')],
				...['--home', at('home'), ...args]
			]);
		const { code, stdout, stderr } = await alone('--json');
		expect([code, stderr]).toEqual([0, expect.stringContaining('3 questions: will take')]);
		const found = JSON.parse(stdout) as BaselineAccuracy;
		const beside = await evaluate('none.json', '--json', '--choices', at('alone.jsonl'));
		const { choices } = JSON.parse(beside.stdout) as EvaluateReport;
		expect(found.questions).toBe(3);
		expect(found.baseline.acc.value).toBe(choices?.baseline.acc);
		expect(found.baseline.acc_norm.value).toBe(choices?.baseline.acc_norm);
		expect((await alone()).stdout).toMatch(/measured on 3 questions, without a plan/);
		expect(await alone('--max-accuracy-drop', '0.1')).toMatchObject({
			code: 2,
			stderr:
				'error: --max-accuracy-drop: without --plan only the questions are asked; remove it, or give --plan\n'
		});
	});

	it('refuses a malformed file, naming the line', async () => {
		await writeFile(at('bad.jsonl'), '{"prompt": "a", "choices": ["b"], "answer": 0}');
		const { code, stdout, stderr } = await evaluate('none.json', '--choices', at('bad.jsonl'));
		expect([code, stdout]).toEqual([2, '']);
		expect(stderr).toMatch(/^error: .*bad\.jsonl: line 1: choices: found 1; expected >=2\n$/);
	});
});

it('a model that was written with a plan is evaluated without --plan: baseline and planned have its own', async () => {
	const plan = await readPlan('shared.json');
	const written = await deploy(at('tiny'), at('written'), { plan, target: 'transformers' });
	const text = ['--text', at('text.txt'), '--context', '32', '--windows', '4', '--recall', 'off'];
	const given = ['evaluate', written, ...text, '--home', at('home'), '--json'];
	const { code, stdout, stderr } = await runCommand(given);
	expect(stderr).toContain('--plan: none given; the model was written with one');
	expect(code).toBe(0);
	const { delta, shared, cost } = JSON.parse(stdout) as EvaluateReport;
	expect(delta.loss).toBe(0);
	expect(cost.predicted.followers).toBe(2);
	const planned = JSON.parse((await evaluate('shared.json', '--json')).stdout) as EvaluateReport;
	expect(shared.loss).toBeCloseTo(planned.shared.loss, 5);
});

describe('gates of spanwise evaluate', () => {
	const verdicts = async (...args: string[]) => {
		const { code, stdout, stderr } = await evaluate('shared.json', '--json', ...args);
		return { code, report: JSON.parse(stdout) as EvaluateReport, stderr };
	};

	it('that pass exit 0 and are in the report', async () => {
		const { code, report, stderr } = await verdicts(
			'--max-loss-increase',
			'99',
			'--min-agreement',
			'0'
		);
		expect(code).toBe(0);
		expect(report.gates?.verdict).toBe('pass');
		expect(stderr).toMatch(
			/gate --min-agreement: pass: top-1 agreement .*, at least 0\.0000; margin/
		);
	});

	it('that fail exit 3, the report printed all the same, saying which and by how much', async () => {
		const { code, report, stderr } = await verdicts(
			'--max-loss-increase',
			'-9',
			'--min-agreement',
			'0'
		);
		expect(code).toBe(3);
		expect(report.gates?.judged.map(({ verdict }) => verdict)).toEqual(['fail', 'pass']);
		expect(stderr).toMatch(/gate --max-loss-increase: fail: .* at most −9\.0000; missed by/);
	});

	it('that cannot be decided exit 4', async () => {
		const { report } = await verdicts();
		const { code } = await verdicts('--max-loss-increase', String(report.delta.loss));
		expect(code).toBe(4);
	});

	it('may stand in a file, flags before it', async () => {
		await writeFile(at('gates.json'), JSON.stringify({ maxLossIncrease: -9, minAgreement: 0 }));
		expect((await verdicts('--gates', at('gates.json'))).code).toBe(3);
		const flag = ['--max-loss-increase', '99'];
		expect((await verdicts('--gates', at('gates.json'), ...flag)).code).toBe(0);
	});

	it('of a file that holds something else are refused before the model runs', async () => {
		await writeFile(at('bad.json'), JSON.stringify({ maxLoss: 1 }));
		const { code, stdout, stderr } = await evaluate('shared.json', '--gates', at('bad.json'));
		expect([code, stdout]).toEqual([2, '']);
		expect(stderr).toMatch(/^error: .*bad\.json: maxLoss: /);
	});

	it('that fail do not keep --write from writing', async () => {
		await writePlan('failing.json', [0, 1, 1, 3, 4]);
		const { code } = await evaluate('failing.json', '--write', '--max-loss-increase', '-9');
		expect(code).toBe(3);
		expect((await readPlan('failing.json')).measured).toMatchObject({ gates: { verdict: 'fail' } });
	});
});
