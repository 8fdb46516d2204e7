import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tasks } from './index.ts';
import { pairTasks } from './pair.ts';
import { readRun } from './read.ts';
import { parseSamples } from './samples.ts';
import { rowWords } from './words.ts';

/** One line as lm-evaluation-harness writes it, without documents and responses. */
function line(id: number, acc: number, change: Record<string, unknown> = {}): string {
	return JSON.stringify({
		doc_id: id,
		filter: 'none',
		metrics: ['acc', 'acc_norm'],
		doc_hash: `d${id}`,
		prompt_hash: `p${id}`,
		target_hash: `t${id}`,
		acc,
		acc_norm: 1,
		...change
	});
}
const samples = (...lines: string[]) => parseSamples(lines.join('\n'), 's.jsonl');
const task = (...lines: string[]) => [{ task: 'arc', samples: samples(...lines) }];

describe('two runs', () => {
	it('are paired by hashes, in whatever order, with the difference and McNemar of each metric', () => {
		const a = task(line(0, 1), line(1, 1), line(2, 0), line(3, 1));
		const b = task(line(3, 1), line(2, 0), line(1, 0), line(0, 0));
		const { rows, unpaired } = pairTasks(a, b);
		expect(rows).toHaveLength(2);
		expect(rows[0]).toMatchObject({
			...{ task: 'arc', filter: 'none', metric: 'acc', questions: 4, a: 0.75, b: 0.25 },
			// Two questions that only A has right: p = 2 · (1/2)².
			mcnemar: { onlyA: 2, onlyB: 0, p: 0.5 }
		});
		expect(rows[0].delta.value).toBe(-0.5);
		expect(rows[0].delta.low).toBeLessThan(-0.5);
		expect(rows[1]).toMatchObject({ metric: 'acc_norm', delta: { value: 0, low: 0, high: 0 } });
		expect(unpaired).toEqual({ a: 0, b: 0 });
		expect(rowWords(rows[1])).toBe('arc acc_norm 0.0% [0.0%, 0.0%], p 1.0000');
	});
	it('may have questions that only one asked, and documents that come twice', () => {
		const { rows, unpaired } = pairTasks(
			task(line(0, 1), line(0, 0), line(1, 1)),
			task(line(0, 0), line(0, 0))
		);
		expect(rows[0]).toMatchObject({ questions: 2, a: 0.5, b: 0 });
		expect(unpaired).toEqual({ a: 1, b: 0 });
	});
	it('have a row per filter, and no McNemar where a metric is a score', () => {
		const scored = (id: number, filter: string, f1: number) =>
			line(id, 0, { filter, metrics: ['f1'], f1 });
		const found = pairTasks(
			task(scored(0, 'strict', 0.5), scored(0, 'loose', 1)),
			task(scored(0, 'strict', 0.25), scored(0, 'loose', 1))
		);
		expect(found.rows.map(({ filter, metric, mcnemar }) => [filter, metric, mcnemar])).toEqual([
			['strict', 'f1', null],
			['loose', 'f1', { onlyA: 0, onlyB: 0, p: 1 }]
		]);
		expect(found.rows[0].delta).toEqual({ value: -0.25, low: null, high: null });
		expect(rowWords(found.rows[0])).toBe('arc f1 −0.2500');
	});
	it('are refused where prompts or documents differ', () => {
		expect(() => pairTasks(task(line(0, 1)), task(line(0, 1, { prompt_hash: 'other' })))).toThrow(
			'arc: no question can be paired: 1 documents are the same, but not their prompts'
		);
		expect(() => pairTasks(task(line(0, 1)), task(line(5, 1)))).toThrow('no document in common');
	});
	it('say which tasks only one has', () => {
		const other = [{ task: 'piqa', samples: samples(line(0, 1)) }];
		const { rows, notes } = pairTasks(
			[...task(line(0, 1)), ...other],
			[...other, { task: 'mmlu', samples: samples(line(1, 1)) }]
		);
		expect(rows.map((row) => row.task)).toEqual(['piqa', 'piqa']);
		expect(notes).toEqual(['arc: only the first run has it', 'mmlu: only the second run has it']);
	});
});

describe('samples', () => {
	it.each([
		['', 's.jsonl: no samples'],
		['{', 's.jsonl: line 1: not JSON'],
		[line(0, 1, { doc_hash: undefined }), 'line 1: no doc_hash, prompt_hash and target_hash'],
		[
			line(0, 1, { metrics: ['word_perplexity'], word_perplexity: [-3, 2] }),
			'no metric that is a number; found word_perplexity'
		],
		['{"doc_id": {}}', 'line 1: doc_id']
	])('are refused: %s', (text, message) => {
		expect(() => samples(text)).toThrow(message);
	});
	it('may have metrics that are true or false, and none named, as earlier versions', () => {
		const [found] = samples(line(0, 1, { metrics: undefined, acc: true }));
		expect(found.metrics).toEqual({ acc: 1, acc_norm: 1 });
	});
});

describe('a folder of samples', () => {
	let folder: string;
	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), 'spanwise-samples-'));
		const named = (name: string, acc: number) => writeFile(join(folder, name), line(0, acc));
		await named('samples_arc_easy_2026-11-23T06-15-03.123456.jsonl', 0);
		await named('samples_arc_easy_2026-11-24T06-15-03.123456.jsonl', 1);
		await writeFile(join(folder, 'results_2026-11-24T06-15-03.123456.json'), '{}');
	});
	afterAll(() => rm(folder, { recursive: true }));

	it('has the newest of each task', async () => {
		const { tasks: found } = await readRun(folder);
		expect(found.map(({ task: name }) => name)).toEqual(['arc_easy']);
		expect(found[0].samples[0].metrics.acc).toBe(1);
		const one = await readRun(join(folder, 'samples_arc_easy_2026-11-23T06-15-03.123456.jsonl'));
		expect(one.tasks[0]).toMatchObject({ task: 'arc_easy', samples: [{ metrics: { acc: 0 } }] });
	});
	it('without any is refused', async () => {
		await expect(readRun('static')).rejects.toThrow('static: no samples_….jsonl');
	});
});

it('a comparison is about the model that was named', () => {
	const { rows, ...rest } = pairTasks(task(line(0, 1)), task(line(0, 0)));
	const model = { name: 'm', hash: 'h' };
	const figures = { a: 'base', b: 'planned', rows, ...rest, model };
	expect(tasks.about(figures)).toEqual({ model, texts: [], context: 0, windows: 1 });
	expect(tasks.summary(figures)).toContain('planned − base: arc acc −100.0%');
});
