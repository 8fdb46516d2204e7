import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { Tasks } from '../../analysis/measure/tasks/types.ts';
import { startBuilt } from '../builders/builtServer.ts';
import { runCommand } from '../builders/command.ts';
import { deploy, planFor } from '../builders/deployed.ts';

const MODEL = 'models/mini-llama2';
const QUESTIONS = 4;
/** A layer that follows and one that is dropped. */
const SOURCES = Array.from({ length: 16 }, (_, layer) =>
	layer === 8 ? 7 : layer === 10 ? null : layer
);
/** Log-likelihoods of some 25 tokens, each in float32. */
const ALLOWED = 1e-4;
const { lmEval } = inject('runtimes');

let scratch: string;
const at = (...names: string[]) => join(scratch, ...names);
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-lm-eval-'));
	const questions = await readFile('static/choices/continuations.jsonl', 'utf8');
	await writeFile(at('questions.jsonl'), questions.split('\n').slice(0, QUESTIONS).join('\n'));
	await mkdir(at('tasks'));
	await writeFile(
		at('tasks', 'continuations.yaml'),
		`task: continuations
dataset_path: json
dataset_kwargs: { data_files: { test: ${at('questions.jsonl')} } }
test_split: test
output_type: multiple_choice
doc_to_text: '{{prompt}}'
doc_to_choice: '{{choices}}'
doc_to_target: '{{answer}}'
target_delimiter: ''
metric_list: [{ metric: acc, aggregation: mean, higher_is_better: true }]
`
	);
});
afterAll(() => rm(scratch, { recursive: true }));

/** Runs the harness, which asks no network, and returns the folder of its samples. */
async function harness(name: string, model: string, args: string): Promise<string> {
	const out = at(name);
	const given = ['--model', model, '--model_args', args, '--include_path', at('tasks')];
	const { status, stderr } = spawnSync(
		lmEval,
		[
			...['-m', 'lm_eval', ...given, '--tasks', 'continuations'],
			...['--log_samples', '--output_path', out, '--device', 'cpu']
		],
		{
			encoding: 'utf8',
			env: {
				...process.env,
				...{ HF_HUB_OFFLINE: '1', HF_DATASETS_OFFLINE: '1', HF_HOME: at('cache') },
				TOKENIZERS_PARALLELISM: 'false'
			}
		}
	);
	if (status !== 0) throw new Error(stderr.slice(-3000));
	const [inner] = await readdir(out);
	return join(out, inner);
}

/** Log-likelihood and greedy flag of every choice, in order. */
async function answersOf(folder: string): Promise<{ value: number; greedy: string }[]> {
	const file = (await readdir(folder)).find((name) => name.startsWith('samples_')) ?? '';
	const lines = (await readFile(join(folder, file), 'utf8')).trim().split('\n');
	const samples = lines.map((line) => JSON.parse(line) as { resps: [[string, string]][] });
	return samples.flatMap(({ resps }) =>
		resps.map(([[value, greedy]]) => ({ value: Number(value), greedy }))
	);
}

it('lm_eval scores a plan on disk and one that is served alike, and import pairs the two', async () => {
	const plan = await planFor(MODEL, SOURCES);
	await writeFile(at('plan.json'), JSON.stringify(plan));
	const folder = await deploy(MODEL, at('planned'), { plan, target: 'transformers' });
	const args = `pretrained=${folder},trust_remote_code=True,dtype=float32`;
	const disk = await harness('disk', 'hf', args);

	const serve = ['serve', '--completions', MODEL, '--plan', at('plan.json'), '--no-token'];
	const server = await startBuilt(['dist/spanwise.js', ...serve, '--port', '0'], {
		SPANWISE_HOME: at('home')
	});
	let served: string;
	try {
		const endpoint = `base_url=${new URL('/v1/completions', server.url).href}`;
		const tokens = `tokenizer_backend=huggingface,tokenizer=${resolve(MODEL)},add_bos_token=True`;
		served = await harness(
			'served',
			'local-completions',
			`model=planned,${endpoint},${tokens},max_length=1024,num_concurrent=1`
		);
	} finally {
		await server.end('SIGTERM');
	}

	const [a, b] = [await answersOf(disk), await answersOf(served)];
	expect(a).toHaveLength(4 * QUESTIONS);
	expect(b.map(({ greedy }) => greedy)).toEqual(a.map(({ greedy }) => greedy));
	for (const [choice, { value }] of a.entries())
		expect(Math.abs(value - b[choice].value)).toBeLessThan(ALLOWED);

	const paired = await runCommand([
		'import',
		'lm-eval',
		disk,
		served,
		'--home',
		at('home'),
		'--json'
	]);
	expect(paired.code).toBe(0);
	const { rows, unpaired } = JSON.parse(paired.stdout) as Tasks;
	expect(unpaired).toEqual({ a: 0, b: 0 });
	expect(rows.map(({ task, questions }) => [task, questions])).toEqual([
		['continuations', QUESTIONS]
	]);
	expect(rows[0].delta.value).toBe(0);
});
