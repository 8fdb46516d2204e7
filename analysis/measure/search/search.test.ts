import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { writeTinyCheckpoint } from '../../../tests/builders/checkpoint.ts';
import { parseConfig } from '../../model/checkpoint/config.ts';
import { parsePlan } from '../../plan/planFile.ts';
import { readRepairs } from '../../engine/repair/file.ts';
import { SAVING_AXES } from '../../plan/axes.ts';
import { ProgressFile } from '../lossFile.ts';
import { PlanRunner } from './planRunner.ts';
import { PLANNERS, type Planner, type SearchReport, type SearchRequest } from './types.ts';
import { searchPlans } from '../../../tests/builders/opened.ts';

const LAYERS = 6;
const DOCUMENTS = ['sea', 'hand', 'wind'].map((word) => ({
	name: `${word}.txt`,
	text: Array.from(
		{ length: 40 },
		(_, n) => `the ${word} and ${(n * 7919) % 997} in the rain on the sand. `
	).join('')
}));

let home: string;
let tiny: string;
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-search-'));
	tiny = join(home, 'tiny');
	await writeTinyCheckpoint(tiny, { config: { num_hidden_layers: LAYERS } });
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rm(home, { recursive: true }));

function requestOf(request: Partial<SearchRequest> = {}): SearchRequest {
	return {
		modelFolder: tiny,
		documents: DOCUMENTS,
		context: 32,
		windows: 3,
		maxSpan: 3,
		protectedLayers: [],
		goal: { kind: 'followers', followers: 2 },
		repair: false,
		recall: false,
		maxRecallIncrease: 0.1,
		randomPlans: 10,
		shortlist: null,
		memoryLimitBytes: 2e9,
		home,
		...request
	};
}

async function search(request: Partial<SearchRequest> = {}) {
	return (await searchPlans(requestOf(request), { onProgress: () => undefined })).search.report;
}

/** The same search for whoever asks only what it found: it is made once. */
let usual: Promise<SearchReport> | null = null;
const usualSearch = () => (usual ??= search());

const RIVALS: readonly Planner[] = [
	'similarity',
	'least-similar',
	'uniform',
	'trailing',
	'llm-drop',
	'llm-drop-steps'
];
/** Planners where recall is not measured. */
const TEXT_PLANNERS = PLANNERS.filter((planner) => !planner.endsWith('-recall'));

let homes = 0;
const newHome = () => join(home, `home ${homes++}`);

/** A report without what time it is. */
function lasting({ plans, ...report }: SearchReport) {
	return { ...report, plans: plans.map(({ plan: _, ...figures }) => figures) };
}

describe('a search', () => {
	it('records the engine that made its figures', async () => {
		const request = requestOf({ home: newHome(), randomPlans: 0 });
		const { search: found } = await searchPlans(request, { onProgress: () => undefined });
		expect(found.engine).toEqual({
			name: 'onnxruntime',
			path: 'resident',
			device: 'cpu',
			dtype: 'float32'
		});
	});

	it('has the plan of every planner at equal savings, with what each part made of it', async () => {
		const report = await usualSearch();
		expect(report.target.axis).toBe('kvCache');
		expect(report.target.share).toBeCloseTo(2 / (2 * LAYERS), 12);
		expect(report.plans.map(({ maker }) => maker)).toEqual(TEXT_PLANNERS);
		for (const { savings, sources, search, report: onReport, plan, kind } of report.plans) {
			expect(Object.keys(savings)).toEqual([...SAVING_AXES]);
			expect(savings.kvCache).toBeGreaterThanOrEqual(report.target.share - 1e-9);
			expect(onReport.low).toBeLessThanOrEqual(onReport.loss);
			expect(onReport.high).toBeGreaterThanOrEqual(onReport.loss);
			expect(Number.isFinite(search.loss)).toBe(true);
			expect(kind).not.toBe('none');
			const file = parsePlan(JSON.parse(JSON.stringify(plan)), 'plan.json');
			expect(file.sources).toEqual(sources);
			expect(file.measured).toMatchObject({ part: 'report', delta: onReport, windows: 3 });
		}
		expect(report.parts).toEqual({
			search: { windows: 3, documents: [0, 1, 2] },
			choose: { windows: 3, documents: [0, 1, 2] },
			report: { windows: 3, documents: [0, 1, 2] }
		});
		expect(report.notes).toEqual([]);
	});

	it('chooses the plan that is best on choose, and sets it among random plans', async () => {
		const { plans, verdict, random } = await usualSearch();
		const choosable = plans.slice(0, 6);
		const best = choosable.reduce((a, b) => (b.choose.loss < a.choose.loss ? b : a));
		expect(verdict.plan).toBe(best.name);
		expect(random.plans).toHaveLength(10);
		const counts = (sources: (number | null)[]) => [
			sources.filter((source) => source === null).length,
			sources.filter((source, layer) => source === layer).length
		];
		for (const { sources } of random.plans) expect(counts(sources)).toEqual(counts(best.sources));
		const dearer = random.plans.filter(({ report }) => report > best.report.loss).length;
		expect(random.beaten).toBe(dearer / 10);
		expect(verdict.sentence).toContain(best.name);
	});

	it('says by how much the sum of the parts, measured one by one, misses the whole', async () => {
		const { plans, shortlist } = await usualSearch();
		const share = plans.find(({ maker }) => maker === 'share');
		const lasts = share?.sources.flatMap((source, layer, sources) =>
			source !== null && source !== layer && sources[layer + 1] !== source ? [[source, layer]] : []
		);
		const parts = lasts?.map(([source, last]) =>
			Number(shortlist.spans.find((span) => span.source === source && span.last === last)?.measured)
		);
		expect(share?.sumOfParts).toBeCloseTo(Number(parts?.reduce((sum, part) => sum + part, 0)), 9);
		for (const { sumOfParts, additivityError, search: measured } of plans)
			if (sumOfParts !== null) expect(additivityError).toBeCloseTo(measured.loss - sumOfParts, 12);
		expect(plans.find(({ maker }) => maker === 'share-matched')?.sumOfParts).toBeNull();
	});

	it('has fronts of which each point saves more than the one before', async () => {
		const { front } = await usualSearch();
		for (const kind of ['share', 'drop', 'mixed'] as const) {
			const points = front.filter((point) => point.kind === kind);
			expect(points.length).toBeGreaterThan(1);
			for (const [at, { savings, sumOfParts }] of points.entries()) {
				if (at === 0) continue;
				expect(savings.kvCache).toBeGreaterThan(points[at - 1].savings.kvCache);
				expect(sumOfParts).toBeGreaterThan(points[at - 1].sumOfParts);
			}
		}
	});

	it('reads the report part last, after every plan was frozen', async () => {
		const losses = vi.spyOn(PlanRunner.prototype, 'losses');
		const report = await search({ home: newHome() });
		// The baseline by itself is known by then.
		const calls = losses.mock.calls.filter(([, variants]) => variants.length > 1);
		const parts = calls.map(([part]) => part);
		expect(parts.lastIndexOf('choose')).toBeLessThan(parts.indexOf('report'));
		expect(parts.lastIndexOf('search')).toBeLessThan(parts.indexOf('report'));
		const measured = calls[parts.indexOf('report')][1].length;
		const { plans, front, axes = [] } = report;
		const ofAxes = axes.flatMap((axis) => axis.plans).length;
		expect(measured).toBe(1 + plans.length + front.length + ofAxes);
	});

	it('gives the same figures after it was stopped, and measures nothing twice', async () => {
		const own = newHome();
		const whole = await search({ home: own });
		const folder = join(own, 'search');
		let kept = 0;
		for (const name of await readdir(folder)) {
			const text = await readFile(join(folder, name), 'utf8');
			const lines = text.trimEnd().split('\n');
			const half = lines.slice(0, Math.ceil(lines.length / 2));
			kept += half.length - 1;
			// What an ended process leaves: the last line is not whole.
			await writeFile(join(folder, name), `${half.join('\n')}\n${lines[half.length].slice(0, 9)}`);
		}
		let found = -1;
		const again = await searchPlans(requestOf({ home: own }), {
			onProgress: () => undefined,
			onPrepared: (forecast) => {
				found = forecast.found;
			}
		});
		expect(found).toBe(kept);
		expect(lasting(again.search.report)).toEqual(lasting(whole));
		let layers = 0;
		await searchPlans(requestOf({ home: own }), {
			onProgress: () => undefined,
			onLayer: () => layers++
		});
		expect(layers).toBe(0);
	});

	it('asks no question twice: a search that goes on has the answers of the one before', async () => {
		const questions = [' sand', ' rain', ' the', ' and', ' sea', ' in'].map((choice, at) => ({
			prompt: 'and the',
			choices: [choice, ' the the', ' hand hand'],
			answer: at % 3,
			group: `${at % 2}`
		}));
		const asking = { home: newHome(), questions, maxAccuracyDrop: 1 };
		const whole = await search(asking);
		for (const point of whole.front) expect(point.accuracy?.report.value).toBeTypeOf('number');
		const folder = join(asking.home, 'search');
		const files = (await readdir(folder)).filter((name) => name.includes('-questions-'));
		expect(files).toHaveLength(2);
		const added = vi.spyOn(ProgressFile.prototype, 'add');
		expect(lasting(await search(asking))).toEqual(lasting(whole));
		expect(added).not.toHaveBeenCalled();
		// What was stopped between two answers is asked the others.
		const name = files.find((file) => file.includes('-report-')) ?? '';
		const lines = (await readFile(join(folder, name), 'utf8')).trimEnd().split('\n');
		await writeFile(
			join(folder, name),
			lines
				.slice(0, -4)
				.map((line) => `${line}\n`)
				.join('')
		);
		expect(lasting(await search(asking))).toEqual(lasting(whole));
		expect(added).toHaveBeenCalledTimes(4);
		// An answer that was changed is refused.
		const changed = lines.with(1, lines[1].replace(/"loss":\d/, '"loss":9'));
		await writeFile(join(folder, name), changed.map((line) => `${line}\n`).join(''));
		await expect(search(asking)).rejects.toThrow('line 2: changed or damaged after it was written');
	});

	it('refits every plan where repair is asked for, and hands the weights back that the plans name', async () => {
		const request = requestOf({ repair: true, randomPlans: 3 });
		const { search: found, refits } = await searchPlans(request, { onProgress: () => undefined });
		const { plans } = found.report;
		const names = TEXT_PLANNERS.flatMap((planner) => [planner, `${planner} repaired`]);
		expect(plans.map(({ name }) => name).sort()).toEqual(names.sort());
		const config = parseConfig(JSON.parse(await readFile(join(tiny, 'config.json'), 'utf8')), 'x');
		const folder = await mkdtemp(join(home, 'refits-'));
		for (const { file, bytes } of refits) await writeFile(join(folder, file), bytes);
		for (const { repaired, plan, sources, additivityError } of plans) {
			if (!repaired) {
				expect(plan.repair).toBeNull();
				continue;
			}
			expect(additivityError).toBeNull();
			const repairs = await readRepairs(folder, plan, config);
			const changed = sources.flatMap((source, layer) => (source === layer ? [] : [layer]));
			expect([...(repairs?.keys() ?? [])]).toEqual(changed);
		}
		const losses = new Set(plans.map(({ report }) => report.loss));
		expect(losses.size).toBeGreaterThan(plans.length / 2);
	});

	it('measures only the spans of a shortlist, drawn up before any span is', async () => {
		const { shortlist, plans } = await search({ shortlist: 3, home: newHome() });
		const all = (await usualSearch()).shortlist;
		expect(shortlist.spans.map(({ cheap }) => cheap)).toEqual(all.spans.map(({ cheap }) => cheap));
		expect(shortlist.spans.map(({ measured }) => measured !== null)).toEqual(
			all.spans.map((_, at) => at < 3)
		);
		expect(all.rho).toBeGreaterThanOrEqual(-1);
		const share = plans.find(({ maker }) => maker === 'share');
		if (share !== undefined) expect(share.sumOfParts).not.toBeNull();
	});
});

describe('recall', () => {
	/** Long enough for a probe in every part. */
	const documents = DOCUMENTS.map(({ name, text }) => ({ name, text: text.repeat(6) }));
	const withRecall = (more: Partial<SearchRequest> = {}) =>
		search({ documents, recall: true, windows: 2, randomPlans: 2, ...more });
	let usual: Promise<SearchReport> | null = null;
	const usualRecall = () => (usual ??= withRecall());

	it('of every plan is measured on probes of parts of the text that no other part reads', async () => {
		const { recall, plans, front, shortlist } = await usualRecall();
		expect(recall).toMatchObject({
			limit: 0.1,
			probes: { search: 2, choose: 2, report: 2 },
			interval: { report: 'documents' }
		});
		expect(recall?.drop).toHaveLength(LAYERS);
		for (const { recall: own } of plans) expect(Number.isFinite(own?.report.loss)).toBe(true);
		for (const { recall: own } of front) expect(Number.isFinite(own?.report.loss)).toBe(true);
		for (const span of shortlist.spans) expect(Number.isFinite(span.recall)).toBe(true);
		expect(front.some(({ weight }) => weight !== undefined)).toBe(true);
	});

	it('is kept within its limit on choose by the plan that is proposed, where one keeps it', async () => {
		const { plans, verdict, recall } = await usualRecall();
		const own = plans.filter(({ maker }) => !RIVALS.includes(maker));
		const within = own.filter((plan) => (plan.recall?.choose.loss ?? Infinity) <= 0.1);
		const pool = within.length > 0 ? within : own;
		const best = pool.reduce((a, b) => (b.choose.loss < a.choose.loss ? b : a));
		if (within.length > 0) expect(verdict.plan).toBe(best.name);
		const textOnly = own.reduce((a, b) => (b.choose.loss < a.choose.loss ? b : a));
		expect(recall?.textOnly?.plan).toBe(textOnly.name);
		expect(verdict.sentence).toContain('Recall: it adds');
	});

	it('below its limit of 0 is the least that a plan has', async () => {
		const { plans, verdict } = await withRecall({ maxRecallIncrease: 0 });
		const own = plans.filter(({ maker }) => !RIVALS.includes(maker));
		const chosen = own.find(({ name }) => name === verdict.plan);
		const least = Math.min(...own.map((plan) => plan.recall?.choose.loss ?? Infinity));
		if (least > 0) expect(chosen?.recall?.choose.loss).toBe(least);
		else expect(chosen?.recall?.choose.loss).toBeLessThanOrEqual(0);
	});

	it('is left out, with a note, where a part has too little text', async () => {
		const { search: found } = await searchPlans(requestOf({ recall: true }), {
			onProgress: () => undefined
		});
		expect(found.report.recall).toBeUndefined();
		expect(found.notes.join()).toContain('too little text for a probe in');
	});
});

describe('a race', () => {
	const goal = { kind: 'followers', followers: 2 } as const;
	it('comes to the plans that measuring everything comes to, and says what left when', async () => {
		const raced = await search({ windows: 6, goal, randomPlans: 20, home: newHome() });
		const all = await search({
			windows: 6,
			goal,
			randomPlans: 20,
			exhaustive: true,
			home: newHome()
		});
		expect(all.race).toBeUndefined();
		expect(raced.verdict).toMatchObject({ kind: all.verdict.kind, plan: all.verdict.plan });
		for (const planner of ['share', 'drop', 'mixed'] as const) {
			const of = ({ plans }: SearchReport) => plans.find((plan) => plan.maker === planner);
			expect(of(raced)?.sources).toEqual(of(all)?.sources);
			expect(of(raced)?.report).toEqual(of(all)?.report);
		}
		const { cases, unmeasured, rounds, drop } = raced.race ?? { rounds: [] };
		expect(rounds.map(({ windows }) => windows)).toEqual([3, 5, 6]);
		expect(rounds[0].measured).toBe(Number(cases) - Number(unmeasured));
		expect(rounds[1].measured).toBe(rounds[0].measured - rounds[0].dropped);
		expect(rounds[2]).toMatchObject({ measured: rounds[1].measured - rounds[1].dropped });
		expect(drop).toHaveLength(LAYERS);
		// A plan of the front or of the target is made of what was measured on all windows.
		const spans = raced.shortlist.spans.filter(({ windows }) => windows === 6);
		expect(spans.length).toBeLessThanOrEqual(rounds[2].measured);
	});

	it('is not run for a goal of a loss: no target is known before', async () => {
		const report = await search({ windows: 6, goal: { kind: 'loss', maxLossIncrease: 0.1 } });
		expect(report.race).toBeUndefined();
	});
});

describe('a verdict', () => {
	it('names ties, which hold 0, savings on each axis and how stable the plan is', async () => {
		const {
			plans,
			ties = [],
			axes = [],
			stability,
			verdict,
			importance = []
		} = await usualSearch();
		// 1 − cos lies between 0 and 2, one for each layer.
		expect(importance).toHaveLength(LAYERS);
		expect(importance.every((value) => value > 0 && value < 2)).toBe(true);
		const best = plans.find(({ name }) => name === verdict.plan);
		for (const { name, difference, report } of plans) {
			if (name === verdict.plan) expect(difference).toBeUndefined();
			else expect(difference?.loss).toBeCloseTo(report.loss - (best?.report.loss ?? NaN), 12);
		}
		const matched = plans.find(({ name }) => name === 'share-matched');
		const share = plans.find(({ name }) => name === 'share');
		expect(matched?.madeFrom?.plan).toBe('share');
		expect(matched?.madeFrom?.difference.loss).toBeCloseTo(
			(matched?.report.loss ?? NaN) - (share?.report.loss ?? NaN),
			12
		);
		expect(share?.madeFrom).toBeUndefined();
		for (const { difference } of ties) {
			expect(difference.low).toBeLessThanOrEqual(0);
			expect(difference.high).toBeGreaterThanOrEqual(0);
		}
		expect(axes.map(({ axis }) => axis)).toEqual([
			'kvCache',
			'parameters',
			'prefillFlops',
			'decodeBytes'
		]);
		expect(stability?.layers).toHaveLength(LAYERS);
		expect(verdict.sentence).toContain('Savings: ');
	});
});

describe('a goal', () => {
	it('of a fraction of an axis: every plan reaches it', async () => {
		const goal = { kind: 'save', axis: 'parameters', share: 0.04 } as const;
		const { plans, target } = await search({ goal });
		expect(target).toEqual({ axis: 'parameters', share: 0.04 });
		expect(plans.length).toBeGreaterThan(5);
		for (const { savings } of plans) expect(savings.parameters).toBeGreaterThanOrEqual(0.04 - 1e-9);
	});

	it('that nothing reaches: neither, and why', async () => {
		const goal = { kind: 'save', axis: 'parameters', share: 0.9 } as const;
		const { plans, verdict, notes, random } = await search({ goal });
		expect(plans).toEqual([]);
		expect(verdict).toMatchObject({ kind: 'neither', plan: null });
		expect(verdict.sentence).toBe('Neither share nor drop: no plan saves 90% of the parameters.');
		expect(notes).toContainEqual(
			expect.stringMatching(/^no share plan saves 90% of the parameters; at most/)
		);
		expect(random).toEqual({ plans: [], beaten: null });
	});

	it('that only dropped layers reach: sharing is left out, with a note', async () => {
		const goal = { kind: 'save', axis: 'kvCache', share: 0.6 } as const;
		const { plans, notes, verdict } = await search({ goal });
		expect(plans.map(({ maker }) => maker)).toEqual([
			'drop',
			'mixed',
			'greedy',
			'llm-drop',
			'llm-drop-steps'
		]);
		expect(notes).toContainEqual('no share plan saves 60% of the KV cache; at most 33.3%');
		expect(notes).toContainEqual('no uniform plan saves 60% of the KV cache');
		expect(verdict.plan).not.toBeNull();
	});

	it('of a loss: the most K and V cache whose plan stays within it on choose', async () => {
		const maxLossIncrease = 0.05;
		const { target, plans } = await search({ goal: { kind: 'loss', maxLossIncrease } });
		expect(target.axis).toBe('kvCache');
		expect(target.share).toBeGreaterThan(0);
		const mixed = plans.find(({ maker }) => maker === 'mixed');
		expect(mixed?.choose.loss).toBeLessThanOrEqual(maxLossIncrease);
	});

	it.each<[Partial<SearchRequest>, string]>([
		[{ goal: { kind: 'followers', followers: 0 } }, 'followers: 0; at least 1'],
		[
			{ goal: { kind: 'followers', followers: 5 } },
			'followers: 5; at least 1, and at most 4 fit (6 layers, spans of at most 3, protected: none)'
		],
		[
			{ goal: { kind: 'save', axis: 'kCache', share: 1.2 } },
			'saving: 120% of kCache; allowed: more than 0%, at most 100%'
		],
		[
			{ goal: { kind: 'save', axis: 'time' as 'kCache', share: 0.1 } },
			'saving of time; allowed: kCache, kvCache, parameters, prefillFlops, decodeBytes'
		],
		[{ goal: { kind: 'loss', maxLossIncrease: -1 } }, 'loss increase: -1; allowed: nats/token'],
		[{ maxSpan: 1 }, 'longest span: 1; allowed: a whole number, 2 or more'],
		[{ protectedLayers: [6] }, 'protected layer 6: not in the model; allowed: 0 to 5'],
		[{ randomPlans: -1 }, 'random plans: -1; allowed: a whole number, 0 or more'],
		[{ shortlist: 0 }, 'shortlist: 0; allowed: a whole number, 1 or more'],
		[{ documents: [{ name: 'x', text: 'the rain '.repeat(5) }] }, 'x: too short for 3 windows'],
		[{ memoryLimitBytes: 1e8 }, 'memory: one window of 32 tokens takes']
	])('%j is refused before anything runs', async (request, message) => {
		const refused = await search(request).catch((error: unknown) => error);
		expect(refused).toMatchObject({ name: 'InputError' });
		expect(String(refused)).toContain(message);
	});
});
