import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../analysis/plan/types.ts';
import { writeTinyCheckpoint, writeUnknownFamily } from '../tests/builders/checkpoint.ts';
import { runCommand } from '../tests/builders/command.ts';

const LAYERS = 6;
const HEADS = 4;

let folder: string;
/** Id of a run with every metric on two windows; a run of cosine on one; a run of another model. */
let whole: string;
let single: string;
let other: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-run-'));
	const config = { num_hidden_layers: LAYERS };
	await writeTinyCheckpoint(at('tiny'), { config });
	await writeTinyCheckpoint(at('other'), { config, seed: 2 });
	await writeFile(at('text.txt'), 'the sea and the hand and the rain on the sand. '.repeat(40));
	const analyze = async (model: string, ...args: string[]) =>
		(
			await command('analyze', at(model), '--text', at('text.txt'), '--context', '32', ...args)
		).stdout.trim();
	whole = await analyze('tiny', '--windows', '2');
	other = await analyze('other', '--windows', '2');
	single = await analyze('tiny', '--windows', '1', '--metrics', 'cosine', '--views', 'all');
	await command('plan', whole, '--followers', '3', '--out', at('plan.json'));
});

afterAll(() => rm(folder, { recursive: true }));

function command(...args: string[]) {
	return runCommand([...args, '--home', at('home')]);
}

async function json(...args: string[]): Promise<unknown> {
	const { code, stdout } = await command(...args);
	expect(code).toBe(0);
	return JSON.parse(stdout);
}

async function expectRefusal(args: string[], message: string | RegExp): Promise<void> {
	const { code, stdout, stderr } = await command(...args);
	expect([code, stdout]).toEqual([2, '']);
	expect(stderr).toMatch(message);
	expect(stderr.match(/\n/g)).toHaveLength(1);
}

async function readPlan(): Promise<Plan> {
	return JSON.parse(await readFile(at('plan.json'), 'utf8')) as Plan;
}

interface SimilarityJson {
	matrix: number[][];
	null: number[][];
	low: number[][];
	high: number[][];
}

describe('spanwise models', () => {
	it('lists the bundled models and those of --models, and why one cannot be used', async () => {
		await cp(at('tiny'), at('models/spoilt'), { recursive: true });
		await rm(at('models/spoilt/tokenizer.json'));
		const listed = await json('models', '--models', at('models'), at('tiny'), '--json');
		expect(listed).toMatchObject([
			{ id: 'mini-llama2', origin: 'bundled', problem: null, facts: { layers: 16, kvHeads: 6 } },
			{ id: 'mini-llama3', origin: 'bundled', problem: null, facts: { layers: 16, kvHeads: 2 } },
			{ id: 'spoilt', origin: 'folder', facts: { layers: LAYERS } },
			{ id: 'tiny', origin: 'folder', problem: null }
		]);
		const { stdout } = await command('models', '--models', at('models'));
		expect(stdout).toMatch(
			/^mini-llama3 +checkpoint +LlamaForCausalLM +16 × 6 \(2\) +7\.87 M +15\.7 MB +bfloat16/m
		);
		expect(stdout).toMatch(/^spoilt .*no tokenizer\.json/m);
	});

	it('says of a family that only PyTorch runs whether a Python has it', async () => {
		await writeUnknownFamily(at('unknown'));
		const python = async (code: number) => {
			await writeFile(at(`python${code}`), `#!/bin/sh\nexit ${code}\n`, { mode: 0o755 });
			return runCommand(['models', '--models', at('unknown')], {
				env: { SPANWISE_PYTHON: at(`python${code}`) }
			});
		};
		expect((await python(0)).stdout).toMatch(
			/^unknown .* PyTorch only \(--engine torch\): architecture is "NewForCausalLM"$/m
		);
		expect((await python(1)).stdout).toMatch(
			/^unknown .* only PyTorch runs this model: architecture is "NewForCausalLM"; \S*python1 lacks torch/m
		);
	});

	it('takes the shared options before its name, too', async () => {
		const listed = await json('--json', '--models', at('tiny'), 'models');
		expect(listed).toMatchObject([{}, {}, { id: 'tiny' }]);
	});
});

describe('spanwise similarity', () => {
	it('prints matrix, null and interval; the interval holds the value', async () => {
		const similarity = (await json('similarity', whole)) as SimilarityJson;
		expect(Object.keys(similarity)).toEqual(['metric', 'view', 'matrix', 'null', 'low', 'high']);
		expect(similarity).toMatchObject({ metric: 'cosine', view: 'all' });
		for (const [l, row] of similarity.matrix.entries()) {
			expect([row.length, row[l]]).toEqual([LAYERS, 1]);
			for (const [m, value] of row.entries()) {
				expect(similarity.low[l][m]).toBeLessThanOrEqual(value);
				expect(similarity.high[l][m]).toBeGreaterThanOrEqual(value);
			}
		}
	});

	it('has no null and no interval with one window', async () => {
		expect(await json('similarity', single)).toMatchObject({ null: null, low: null, high: null });
	});

	it('--excess is (similarity − null) / (1 − null)', async () => {
		const similarity = (await json('similarity', whole)) as SimilarityJson;
		const excess = (await json('similarity', whole, '--excess')) as SimilarityJson;
		const [s, n] = [similarity.matrix[2][4], similarity.null[2][4]];
		expect(excess.matrix[2][4]).toBeCloseTo((s - n) / (1 - n), 12);
		expect(excess).toMatchObject({ excess: true, low: null, high: null });
	});

	it.each(['cosine', 'hellinger'])(
		'--heads prints the block of two layers in %s',
		async (metric) => {
			const block = (await json('similarity', whole, '--metric', metric, '--heads', '1,3')) as {
				matrix: number[][];
			};
			expect(Object.keys(block)).toEqual(['metric', 'view', 'heads', 'matrix']);
			expect(block).toMatchObject({ metric, view: 'all', heads: [1, 3] });
			expect(block.matrix.map((row) => row.length)).toEqual(new Array(HEADS).fill(HEADS));
			const turned = (await json('similarity', whole, '--metric', metric, '--heads', '3,1')) as {
				matrix: number[][];
			};
			expect(turned.matrix[2][0]).toBeCloseTo(block.matrix[0][2], 12);
		}
	);

	it('--format csv has the definition, then layers along both sides', async () => {
		const { stdout } = await command('similarity', whole, '--view', 'no-sink', '--format', 'csv');
		const lines = stdout.trimEnd().split('\n');
		expect(lines).toContain('# view: no-sink');
		expect(lines.filter((line) => !line.startsWith('#'))[0]).toBe('layer,0,1,2,3,4,5');
		expect(lines.at(-1)).toMatch(/^5,.*,1$/);
	});

	it('--format table says what was measured, on what', async () => {
		const { stdout } = await command('similarity', whole, '--format', 'table', '--metric', 'js');
		expect(stdout).toMatch(
			/^tiny \([0-9a-f]{12}\) · js, view all, measured on 64 tokens \(2 × 32, 32 queries per window\)/
		);
		expect(stdout.trimEnd().split('\n')).toHaveLength(2 + LAYERS);
	});

	it('refuses what the run did not measure, naming what it has', async () => {
		await expectRefusal(
			['similarity', single, '--metric', 'js'],
			`error: metric js: not measured in run ${single}; it has cosine\n`
		);
		await expectRefusal(['similarity', single, '--view', 'no-sink'], /it has all\n/);
		await expectRefusal(['similarity', single, '--excess'], /cosine has no null in this run/);
		await expectRefusal(['similarity', whole, '--heads', '0,6'], /layer 6: .*allowed: 0 to 5/);
		await expectRefusal(
			['similarity', whole, '--metric', 'js', '--heads', '0,1'],
			/allowed: cosine, hellinger/
		);
	});

	it('refuses a run that is not there, is none, or is from a newer version', async () => {
		await expectRefusal(['similarity', 'nope'], /run nope: not found; allowed: a run's folder/);
		await expectRefusal(['similarity', at('home')], /run\.json: missing; expected a run's folder/);
		await cp(at(`home/runs/${single}`), at('newer'), { recursive: true });
		const record = await readFile(at('newer/run.json'), 'utf8');
		await writeFile(at('newer/run.json'), record.replace('"version": 1', '"version": 2'));
		await expectRefusal(['similarity', at('newer')], /run version 2; .*update Spanwise/);
	});
});

describe('a model where a run is meant, and a run where a model is', () => {
	it('each is said, with what to do', async () => {
		const analyze = (model: string) =>
			new RegExp(`: a model, not a run; analyse it first: spanwise analyze ${model} --text FILE`);
		await expectRefusal(['plan', at('tiny'), '--followers', '1'], analyze(at('tiny')));
		await expectRefusal(['similarity', 'mini-llama2'], analyze('mini-llama2'));
		await expectRefusal(['compare', whole, at('other')], analyze(at('other')));
		const run = /: a run, not a model; it was made from .*\/tiny: name that/;
		await expectRefusal(['inspect', whole], run);
		await expectRefusal(['inspect', at(`home/runs/${whole}`)], run);
		await expectRefusal(['export', at('tiny'), '--to', 'csv'], /tiny: a folder; expected a file/);
	});

	it('a name that is nearly a model’s gets the nearest', async () => {
		await expectRefusal(
			['inspect', 'mini-lama2'],
			/mini-lama2: no such model: neither a folder nor listed; did you mean mini-llama2\? Known: mini-llama2, mini-llama3/
		);
	});
});

describe('names with escape codes and line breaks', () => {
	it('reach the terminal as text, in tables, messages and JSON', async () => {
		const name = 'red\u001b[31m\nsecond \u009b line';
		await mkdir(at('named'));
		await writeTinyCheckpoint(at(join('named', name)), {});
		await writeFile(at(join('named', name, 'config.json')), '{}');
		const listed = await command('models', '--models', at('named'));
		const refused = await command('inspect', at(join('named', name)));
		const asJson = await command('models', '--models', at('named'), '--json');
		const shown = 'red\\u001b[31m\\nsecond \\u009b line';
		expect(listed.stdout).toContain(shown);
		expect(refused.stderr).toContain(
			`${shown.replace('\\n', ' ')}/config.json: architecture is not given`
		);
		expect(asJson.stdout).toContain(JSON.stringify(name).replace('\u009b', '\\u009b').slice(1, -1));
		for (const text of [listed.stdout, refused.stderr, asJson.stdout]) {
			expect(text).not.toMatch(/[^\P{Cc}\n]/u);
		}
		const models = JSON.parse(asJson.stdout) as { name: string }[];
		expect(models.map((model) => model.name)).toContain(name);
	});
});

describe('spanwise plan', () => {
	it('--json prints the plan that --out writes', async () => {
		const plan = (await json('plan', whole, '--followers', '3', '--json')) as Plan;
		const written = await readPlan();
		expect({ ...plan, createdAt: written.createdAt }).toEqual(written);
		expect(plan.sources.filter((source, layer) => source !== layer)).toHaveLength(3);
		expect(plan.definition).toMatchObject({ metric: 'cosine', view: 'all', tokens: 64 });
		expect(plan.predicted).toMatchObject({ context: 256, batch: 1, elementBytes: 2, followers: 3 });
		expect(plan.measured).toBeNull();
	});

	it('by threshold: every follower is at or above it', async () => {
		const { matrix } = (await json('similarity', whole)) as SimilarityJson;
		const threshold = matrix[2][3];
		const args = ['--min-similarity', `${threshold}`, '--protect', 'none', '--json'];
		const { sources } = (await json('plan', whole, ...args)) as Plan;
		expect(sources.some((source, layer) => source !== layer)).toBe(true);
		sources.forEach((source, layer) => {
			if (source !== null && source !== layer) {
				expect(matrix[source][layer]).toBeGreaterThanOrEqual(threshold);
			}
		});
	});

	it('keeps protected layers out; none are with --protect none', async () => {
		const args = ['plan', whole, '--followers', '3', '--max-span', '2', '--json', '--protect'];
		expect(((await json(...args, 'none')) as Plan).sources).toEqual([0, 0, 2, 2, 4, 4]);
		expect(((await json(...args, '')) as Plan).sources).toEqual([0, 0, 2, 2, 4, 4]);
		await expectRefusal([...args, '0,5'], /followers: 3; at most 2 fit/);
	});

	it('maps heads where the metric matches them', async () => {
		const args = ['--metric', 'cosine-matched', '--followers', '1', '--json'];
		const { spans } = (await json('plan', whole, ...args)) as Plan;
		expect(spans[0].headMap).toEqual([expect.any(Array)]);
		expect(spans[0].headMap[0]).toHaveLength(HEADS);
	});

	it('says for a person that similarities are measured, savings predicted and plans candidates', async () => {
		const { stdout } = await command('plan', whole, '--followers', '3');
		expect(stdout).toContain('Predicted savings on tiny: 256 tokens in context, 1 sequence, bf16');
		expect(stdout).toContain('similarity to the source, measured');
		expect(stdout).toContain('what they cost the model was not measured');
	});

	it('takes one rule, not two and not none', async () => {
		await expectRefusal(
			['plan', whole],
			/found none of --min-similarity, --followers, --from; expected one/
		);
		const both = ['plan', whole, '--followers', '1', '--min-similarity', '0.5'];
		await expectRefusal(both, /found --min-similarity and --followers of/);
	});

	it('--out replaces a plan, refuses any other file, and leaves nothing half written', async () => {
		const plan = ['plan', whole, '--followers', '1', '--out'];
		expect((await command(...plan, at('again.json'))).code).toBe(0);
		expect((await command(...plan, at('again.json'))).code).toBe(0);
		await expectRefusal([...plan, at('text.txt')], /text\.txt: exists and is no plan/);
		await expectRefusal([...plan, at('no/plan.json')], /no folder/);
		expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
	});
});

describe('spanwise export', () => {
	it('json is the plan as it was written', async () => {
		const written = await readFile(at('plan.json'), 'utf8');
		expect((await command('export', at('plan.json'), '--to', 'json')).stdout).toBe(written);
		expect((await command('export', at('plan.json'), '--json')).stdout).toBe(written);
	});

	it('shareatt lists followers and the layers that are not shared', async () => {
		const { sources } = await readPlan();
		const layers = sources.map((_, layer) => layer);
		expect(await json('export', at('plan.json'), '--to', 'shareatt')).toEqual({
			followers: layers.filter((layer) => sources[layer] !== layer),
			nonShared: layers.filter((layer) => sources[layer] === layer)
		});
	});

	it('csv has a span a line', async () => {
		const { stdout } = await command('export', at('plan.json'), '--to', 'csv');
		expect(stdout).toMatch(/^source,followers,length,head_map,score,/);
		expect(stdout.trimEnd().split('\n')).toHaveLength(1 + (await readPlan()).spans.length);
	});

	it('shareatt comes back as the same plan by plan --from shareatt', async () => {
		const before = await readPlan();
		const { stdout: list } = await command('export', at('plan.json'), '--to', 'shareatt');
		const args = ['plan', whole, '-', '--from', 'shareatt', '--json'];
		const { code, stdout } = await runCommand(args, {
			stdin: list,
			env: { SPANWISE_HOME: at('home') }
		});
		expect(code).toBe(0);
		const { sources, spans, predicted } = JSON.parse(stdout) as Plan;
		expect({ sources, spans, predicted }).toEqual({
			sources: before.sources,
			spans: before.spans,
			predicted: before.predicted
		});
	});

	it('--from reads the list of layers that are not shared as their code has it', async () => {
		await writeFile(at('list.json'), '[0, 1, 4, 5]');
		const args = ['plan', whole, at('list.json'), '--from', 'shareatt'];
		const { stdout } = await command(...args, '--json');
		expect((JSON.parse(stdout) as Plan).sources).toEqual([0, 1, 1, 1, 4, 5]);
		await expectRefusal([...args, '--protect', '0'], /--protect: not with --from/);
		await expectRefusal(['plan', whole, '--from', 'shareatt'], /--from: no list; write the file/);
		const second = ['plan', whole, at('list.json'), '--followers', '1'];
		await expectRefusal(second, /a second file is read with --from alone/);
	});

	it('shareatt is refused where heads are rearranged', async () => {
		const args = ['--metric', 'cosine-matched', '--followers', '1', '--out', at('matched.json')];
		await command('plan', whole, ...args);
		await expectRefusal(['export', at('matched.json'), '--to', 'shareatt'], /rearranges heads/);
	});

	it('asks for a form', async () => {
		await expectRefusal(['export', at('plan.json')], /--to: missing; allowed: json, csv, shareatt/);
		await expectRefusal(['export', at('plan.json'), '--to', 'csv', '--json'], /csv is not JSON/);
	});

	it.each<[string, (plan: Plan) => object, RegExp]>([
		[
			'the wrong number of layers',
			(plan) => ({ sources: plan.sources.slice(1) }),
			/5 layers; expected 6/
		],
		[
			'a source after its follower',
			() => ({ sources: [0, 2, 2, 3, 4, 5] }),
			/source 2 comes after/
		],
		['a follower as source', () => ({ sources: [0, 0, 1, 3, 4, 5] }), /is itself a follower of 0/],
		['spans that say otherwise', () => ({ spans: [] }), /spans and sources disagree/],
		['a newer version', () => ({ version: 2 }), /plan version 2; .*update Spanwise/],
		['another format', () => ({ format: 'x' }), /not a plan/]
	])('refuses a plan with %s', async (_, change, message) => {
		const plan = await readPlan();
		await writeFile(at('bad.json'), JSON.stringify({ ...plan, ...change(plan) }));
		await expectRefusal(['export', at('bad.json'), '--to', 'json'], message);
	});

	it('refuses a file that is not there or not JSON', async () => {
		await expectRefusal(['export', at('nope.json'), '--to', 'json'], /nope\.json: cannot be read/);
		await expectRefusal(['export', at('text.txt'), '--to', 'json'], /text\.txt: not JSON/);
	});
});

describe('spanwise savings', () => {
	it('counts for the context, batch and dtype that are given', async () => {
		const args = ['--context', '100', '--batch', '3', '--dtype', 'f32', '--json'];
		const savings = await json('savings', at('plan.json'), '--model', at('tiny'), ...args);
		// 3 followers, 2 kv heads of width 8, 4 bytes; 3 sequences of 100 tokens.
		expect(savings).toMatchObject({
			context: 100,
			batch: 3,
			elementBytes: 4,
			followers: 3,
			kCache: { bytesPerToken: 3 * 2 * 8 * 4, bytes: 3 * 100 * 3 * 2 * 8 * 4, shareOfKv: 0.25 },
			parameters: { count: 3 * 32 * 8 * (4 + 2) }
		});
	});

	it('is for 4096 tokens, one sequence, bf16 unless told; says where the model has fewer positions', async () => {
		const args = ['savings', at('plan.json'), '--model', at('tiny')];
		expect(await json(...args, '--json')).toMatchObject({
			context: 4096,
			batch: 1,
			elementBytes: 2
		});
		const { stdout, stderr } = await command(...args);
		expect(stdout).toMatch(
			/^Predicted savings on tiny: 4096 tokens in context, 1 sequence, bf16\n/
		);
		expect(stderr).toBe('note: tiny has 256 positions; context 4096 is more\n');
	});

	it('refuses a plan for another number of layers', async () => {
		await expectRefusal(
			['savings', at('plan.json'), '--model', 'mini-llama2'],
			/a plan for 6 layers; mini-llama2 has 16/
		);
	});
});

describe('spanwise compare', () => {
	it('--json has runs, pairs, spans, what differs and a summary', async () => {
		const comparison = await json('compare', whole, other, '--json');
		expect(comparison).toMatchObject({
			metric: 'cosine',
			view: 'all',
			runs: [{ run: whole }, { run: other }],
			pairs: [{ first: 0, second: 1, notPaired: null }],
			spans: {},
			summary: expect.any(Array) as unknown[]
		});
	});

	it('as a table: figures, paired differences, spans, what differs, the summary', async () => {
		const { code, stdout, stderr } = await command('compare', whole, other);
		expect([code, stderr]).toEqual([0, '']);
		for (const part of [whole, other, 'A − B, paired over', 'Candidate spans', 'model hash']) {
			expect(stdout).toContain(part);
		}
	});

	it('refuses one run, and a metric that one of them lacks', async () => {
		await expectRefusal(['compare', whole], /runs to compare: 1; choose two or more/);
		await expectRefusal(
			['compare', whole, single, '--metric', 'js'],
			`metric js: not measured in run ${single}; it has cosine`
		);
	});
});
