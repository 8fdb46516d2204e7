import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseQuestions } from '../../analysis/measure/choices/parse.ts';
import { tunePlan } from '../../analysis/measure/tune/tune.ts';
import type { Tune, TuneRequest } from '../../analysis/measure/tune/types.ts';
import { withModel } from '../../analysis/model/open.ts';
import type { Progress } from '../../analysis/telemetry/progress.ts';
import { planFor } from '../builders/deployed.ts';
import { evaluatePlan } from '../builders/opened.ts';

const MODEL = 'models/mini-llama2';
/** Eight followers, so that four dropped layers save as much; what they cost, a few steps bring down. */
const SOURCES = [0, 1, 1, 1, 4, 4, 4, 7, 7, 7, 10, 10, 10, 13, 14, 15];

let home: string;
let request: TuneRequest;
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-tune-'));
	const text = await readFile('static/samples/walden.txt', 'utf8');
	request = {
		...{ context: 48, windows: 4, steps: 4, batch: 2, learningRate: 3e-4, distill: 1, lora: null },
		...{ patience: 9, seed: 0, compare: true, device: 'cpu', dtype: 'float32' },
		plan: await planFor(MODEL, SOURCES),
		planFolder: home,
		documents: [{ name: 'walden.txt', text: text.slice(0, 30_000) }],
		memoryLimitBytes: null,
		questions: parseQuestions(
			(await readFile('static/choices/continuations.jsonl', 'utf8'))
				.split('\n')
				.slice(0, 3)
				.join('\n'),
			'continuations'
		),
		home,
		out: join(home, 'tuned'),
		command: 'spanwise tune'
	};
});
afterAll(() => rm(home, { recursive: true }));

function tune(
	change: Partial<TuneRequest>,
	onProgress = (_: Progress) => undefined
): Promise<Tune> {
	return withModel(MODEL, (model) => tunePlan(model, { ...request, ...change }, { onProgress }));
}

describe('spanwise tune', () => {
	let whole: Tune;

	it('tunes plan, control and rival alike and compares them on held-out text', async () => {
		const stages = new Set<string>();
		whole = await tune({}, ({ stage }) => void stages.add(stage.split(':')[0]));
		const { report } = whole;
		expect(report.arms.map(({ arm }) => arm)).toEqual(['planned', 'control', 'rival']);
		expect(report.arms[2].sources.filter((source) => source === null)).toHaveLength(4);
		for (const { looks, steps } of report.arms) {
			expect(looks.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4]);
			expect(steps).toBe(4);
		}
		const before = report.comparisons.find(({ key }) => key === 'before');
		const after = report.comparisons.find(({ key }) => key === 'after');
		expect(before?.text.loss).toBeGreaterThan(0);
		expect(after?.text.loss).toBeLessThan(before?.text.loss ?? 0);
		expect(report.questions).toEqual({ asked: 3, over: 'blocks' });
		for (const { before: untuned, after: tuned } of report.arms) {
			expect([0, 1 / 3, 2 / 3, 1]).toContain(untuned.accuracy);
			expect([0, 1 / 3, 2 / 3, 1]).toContain(tuned.accuracy);
		}
		expect(after?.accuracy?.value).toBeCloseTo(
			(report.arms[0].after.accuracy ?? NaN) - (report.arms[1].before.accuracy ?? NaN),
			12
		);
		expect(stages).toContain('tuning rival');
		expect(await readdir(join(home, 'tune'))).toEqual([]);
	});

	it('writes a folder that Spanwise reads, with the tuned loss', async () => {
		expect(await readdir(whole.folder)).toContain('modeling_spanwise.py');
		expect(await readFile(join(whole.folder, 'README.md'), 'utf8')).toContain('## Tuning');
		const { report } = await evaluatePlan(
			{
				modelFolder: whole.folder,
				plan: request.plan,
				repairs: null,
				documents: request.documents,
				context: 48,
				windows: 2,
				questions: null,
				gates: {},
				recall: false,
				memoryLimitBytes: null,
				home
			},
			{ onProgress: () => undefined }
		);
		expect(Math.abs(report.delta.loss)).toBeLessThan(1e-6);
	});

	it('goes on where it was stopped, to the same figures', async () => {
		const out = join(home, 'again');
		const alone = { out, compare: false };
		let steps = 0;
		await expect(
			tune(alone, ({ stage, window }) => {
				steps = window;
				if (stage.startsWith('tuning planned') && window === 3) throw new Error('stopped');
				return undefined;
			})
		).rejects.toThrow('stopped');
		expect(steps).toBe(3);
		const seen: number[] = [];
		const { report } = await tune(alone, ({ window }) => void seen.push(window));
		// The worker may have gone a step further before it was ended.
		expect(seen.find((step) => step > 0)).toBeGreaterThanOrEqual(3);
		expect(report.arms[0].after.loss).toBeCloseTo(whole.report.arms[0].after.loss, 6);
	});

	it('refuses texts whose parts have no window', async () => {
		const documents = [{ name: 'a', text: 'too short for it. '.repeat(20) }];
		await expect(tune({ documents, out: join(home, 'refused') })).rejects.toThrow(
			'no window of 48 tokens; name longer texts, or use a smaller --context'
		);
	});
});
