import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyCheckpoint } from '../../../tests/builders/checkpoint.ts';
import { Reporter } from '../../telemetry/reporter.ts';
import type { LayerRepairs } from '../../engine/repair/repairs.ts';
import { CheckpointPlans } from '../../engine/checkpointPlans.ts';
import { makePlan } from '../../plan/planFile.ts';
import { planSpans } from '../../plan/spans.ts';
import { cutWindows } from '../../model/tokens/windows.ts';
import { PlanRunner, type LossStore } from './planRunner.ts';
import { type PreparedSearch } from './prepare.ts';
import type { PlanVariant } from './variant.ts';
import { evaluatePlan, prepareSearch } from '../../../tests/builders/opened.ts';

const CONTEXT = 32;
const WINDOWS = 4;
const DOCUMENTS = ['sea', 'hand'].map((word) => ({
	name: `${word}.txt`,
	text: `the ${word} and the rain on the sand, and again the ${word}. `.repeat(30)
}));

let home: string;
let tiny: string;
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-runner-'));
	tiny = join(home, 'tiny');
	await writeTinyCheckpoint(tiny, { config: { num_hidden_layers: 5 } });
});
afterAll(() => rm(home, { recursive: true }));

/** Losses in memory. */
function emptyStore(): LossStore & { size: () => number } {
	const results = new Map<string, { loss: number }>();
	return {
		get: (window, name) => results.get(`${window} ${name}`),
		add: ({ window, case: name, loss }) => {
			results.set(`${window} ${name}`, { loss });
			return Promise.resolve();
		},
		size: () => results.size
	};
}

async function prepare(memoryLimitBytes: number | null = null): Promise<PreparedSearch> {
	const prepared = await prepareSearch({
		modelFolder: tiny,
		documents: DOCUMENTS,
		context: CONTEXT,
		windows: 2,
		maxSpan: 3,
		protectedLayers: [],
		goal: { kind: 'followers', followers: 1 },
		repair: false,
		recall: false,
		maxRecallIncrease: 0.1,
		randomPlans: 0,
		shortlist: null,
		memoryLimitBytes,
		home
	});
	const wanted = { context: CONTEXT, windows: WINDOWS };
	const { windows } = await cutWindows(DOCUMENTS, prepared.tokenizer, wanted);
	return { ...prepared, parts: { search: windows, choose: windows, report: windows } };
}

/** Runs plans with a runner of its own; layers counts the layers of windows that were run. */
async function withRunner<Result>(
	use: (
		runner: PlanRunner,
		store: ReturnType<typeof emptyStore>,
		layers: () => number
	) => Promise<Result>,
	prepared?: PreparedSearch
): Promise<Result> {
	const { plans: forecast, text, parts } = prepared ?? (await prepare());
	const store = emptyStore();
	let layers = 0;
	const task = { work: 1, layers: 5, windows: WINDOWS, context: CONTEXT };
	const plans = await forecast.open();
	const runner = new PlanRunner(
		{ ...text, parts },
		{ search: store, choose: store, report: store },
		plans,
		{ reporter: new Reporter(task, () => undefined), onLayer: () => layers++ }
	);
	try {
		return await use(runner, store, () => layers);
	} finally {
		await plans.close();
	}
}

/** Loss of each window as `spanwise evaluate` measures it. */
async function evaluated({ sources, headMaps }: PlanVariant, repairs: LayerRepairs | null = null) {
	const model = { name: 'tiny', architecture: 'x', layers: 5, heads: 4, kvHeads: 2, hash: '0' };
	const headMap = headMaps && ((_: number, follower: number) => [...(headMaps[follower] ?? [])]);
	const spans = planSpans([...sources], null, headMap);
	const { report } = await evaluatePlan(
		{
			modelFolder: tiny,
			plan: makePlan({ model, sources: [...sources], spans, definition: null, predicted: null }),
			repairs,
			documents: DOCUMENTS,
			context: CONTEXT,
			windows: WINDOWS,
			questions: null,
			gates: {},
			memoryLimitBytes: null,
			home
		},
		{ onProgress: () => undefined }
	);
	return report.windows.map(({ shared }) => shared);
}

const REVERSED = [3, 2, 1, 0];
const REPAIRS: LayerRepairs = new Map([
	[1, { o: new Float32Array(32 * 32).fill(0.01), bias: null }],
	[3, { o: null, bias: new Float32Array(32).fill(0.1) }]
]);
const PLANS: [string, PlanVariant][] = [
	['the model as it is', { sources: [0, 1, 2, 3, 4] }],
	['share', { sources: [0, 1, 1, 1, 4] }],
	['two spans', { sources: [0, 0, 2, 3, 3] }],
	['drop', { sources: [0, null, 2, 3, null] }],
	['mixed', { sources: [0, 0, null, 3, 3] }],
	['head maps', { sources: [0, 1, 1, 3, 4], headMaps: [null, null, REVERSED, null, null] }],
	['the first layer dropped', { sources: [null, 1, 2, 3, 4] }]
];

function expectClose(found: readonly number[], expected: readonly number[]): void {
	expect(found).toHaveLength(expected.length);
	for (const [window, loss] of found.entries())
		expect(Math.abs(loss - expected[window])).toBeLessThan(1e-6);
}

describe('losses', () => {
	it.each(PLANS)('are those of an evaluation: %s', async (_, plan) => {
		const [found] = await withRunner((runner) => runner.losses('search', [plan]));
		expectClose(found, await evaluated(plan));
	});

	it('are the same measured together, and in groups of windows', async () => {
		const plans = PLANS.map(([, plan]) => plan);
		const alone = [];
		for (const plan of plans) alone.push((await withRunner((r) => r.losses('search', [plan])))[0]);
		const together = await withRunner((runner) => runner.losses('search', plans));
		for (const [at, losses] of together.entries()) expectClose(losses, alone[at]);
		const prepared = await prepare();
		const memory = { resident: false, windowsPerGroup: 3 };
		const open = () => Promise.resolve(new CheckpointPlans(prepared.model, memory, CONTEXT));
		const inGroups = await withRunner((runner) => runner.losses('search', plans), {
			...prepared,
			plans: { ...prepared.plans, open }
		});
		for (const [at, losses] of inGroups.entries()) expectClose(losses, alone[at]);
	});

	it('are those of an evaluation with refitted weights', async () => {
		const plan = { sources: [0, 0, 2, null, 4] };
		const repaired = { ...plan, repairs: REPAIRS, repairHash: 'abc' };
		const [plain, found] = await withRunner((r) => r.losses('search', [plan, repaired]));
		expectClose(found, await evaluated(plan, REPAIRS));
		expect(found).not.toEqual(plain);
	});

	it('are measured once: a plan that is there is not run again', async () => {
		await withRunner(async (runner, store, layers) => {
			const plans = PLANS.map(([, plan]) => plan);
			const first = await runner.losses('search', plans);
			const ran = layers();
			expect(ran).toBeGreaterThan(0);
			expect(store.size()).toBe(plans.length * WINDOWS);
			expect(await runner.losses('search', [...plans, ...plans])).toEqual([...first, ...first]);
			expect(layers()).toBe(ran);
		});
	});

	it('are of the windows that are asked for, and the others are not run', async () => {
		const plan = { sources: [0, 1, 1, 3, 4] };
		const [all] = await withRunner((runner) => runner.losses('search', [plan]));
		await withRunner(async (runner, store, layers) => {
			const [some] = await runner.losses('search', [plan], [2, 0]);
			expect(some).toEqual([all[2], all[0]]);
			expect(layers()).toBe(2 * 5);
			expect(store.size()).toBe(2);
		});
	});

	it('take each layer once of what plans have in common', async () => {
		const layersOf = (...plans: PlanVariant['sources'][]) =>
			withRunner(async (runner, _, layers) => {
				await runner.losses(
					'search',
					plans.map((sources) => ({ sources }))
				);
				return layers() / WINDOWS;
			});
		expect(await layersOf([0, 1, 2, 3, null])).toBe(5);
		expect(await layersOf([0, 1, 2, 3, 4], [0, 1, 2, 3, null])).toBe(5 + 1);
		// A span begins at its source, whose attention is then there again.
		expect(await layersOf([0, 1, 2, 3, 4], [0, 1, 2, 2, 4])).toBe(5 + 3);
		// The two begin with the same dropped layer.
		expect(await layersOf([0, null, 2, 3, 4], [0, null, 2, null, 4])).toBe(5 + 2);
		expect(await layersOf([0, null, 2, 3, 4], [0, 1, 2, null, 4], [0, null, 2, null, 4])).toBe(
			5 + 4 + 2
		);
	});
});
