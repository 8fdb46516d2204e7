import { SvelteURLSearchParams } from 'svelte/reactivity';
import type { ResultParts } from '../../analysis/measure/results/folder.ts';
import { benchBrief, benchSummary } from '../../analysis/measure/bench/stored.ts';
import { damageBrief, damageSummary } from '../../analysis/measure/damage/stored.ts';
import { evaluationBrief, evaluationSummary } from '../../analysis/measure/evaluate/stored.ts';
import { searchBrief, searchSummary } from '../../analysis/measure/search/stored.ts';
import { tuneBrief, tuneSummary } from '../../analysis/measure/tune/stored.ts';
import type { ResultSummary, StoredResult } from '../../analysis/measure/results/types.ts';
import { compareRuns } from '../../analysis/compare/compareRuns.ts';
import { similarityOf } from '../../analysis/similarity/similarity.ts';
import type { RunRecord } from '../../analysis/workspace/run/types.ts';
import type { Job, ModelEstimate, SamplesAnswer } from '../../src/lib/client/api.ts';
import { Measurements } from '../../src/lib/measure/measurements.svelte.ts';
import { CompareState } from '../../src/lib/pages/compare/state.svelte.ts';
import { readCompareUrl } from '../../src/lib/pages/compare/url.ts';
import { defaultUrl } from '../../src/lib/state/defaultUrl.ts';
import { RunState } from '../../src/lib/state/run.svelte.ts';
import type { RunUrl } from '../../src/lib/state/url.ts';
import { madeUpRun } from '../builders/run.ts';
import { madeUpStudy, type Study } from '../builders/study.ts';

/** Behaviour of the server towards a panel: answers at once, never, or with a failure. Chosen by the run's id. */
export type Answering = 'ready' | 'pending' | 'failing';

const LAYERS = 8;

function studyOf(name: string, layers: number, hash: string): Study {
	const { model } = madeUpRun().record;
	return madeUpStudy({
		...model,
		name,
		hash,
		layers,
		reach: Array.from({ length: layers }, () => null),
		maxPositions: 1024
	});
}

export const eight = studyOf('eight', LAYERS, '8e'.repeat(32));
export const ten = studyOf('ten', LAYERS + 2, '10'.repeat(32));
export const studies: readonly Study[] = [eight, ten];

/** The run of a study as the server lists it. */
export const recordOf = ({ run }: Study): RunRecord => ({ ...run.record, files: {} });

const stored = (id: string, parts: ResultParts): StoredResult => ({
	format: 'spanwise/result',
	version: 1,
	id,
	createdAt: '2026-11-23T06:20:00.000Z',
	spanwise: '0.1.0',
	...parts
});
export const results: readonly StoredResult[] = [
	stored('a-damage', eight.damage),
	stored('an-evaluation', eight.evaluation),
	stored('a-search', eight.search),
	stored('a-bench', eight.bench),
	stored('a-tune', eight.tune)
];

/** Summarizes a result for a list. The kinds cannot be asked: they bring the engine, which no browser runs. */
export function summaryOf({
	id,
	createdAt,
	model,
	texts,
	context,
	windows,
	result
}: StoredResult): ResultSummary {
	const common = {
		...{ id, createdAt, model, context, windows, kind: result.kind },
		...{
			texts: texts.map(({ name }) => name),
			evaluation: null,
			bench: null,
			tune: null,
			search: null,
			damage: null,
			tasks: null
		}
	};
	switch (result.kind) {
		case 'damage':
			return {
				...common,
				words: damageSummary(result.damage),
				damage: damageBrief(result.damage)
			};
		case 'evaluate': {
			const { plan, evaluation } = result;
			const words = evaluationSummary(evaluation, '4 followers');
			return { ...common, words, evaluation: evaluationBrief(evaluation, plan) };
		}
		case 'search':
			return { ...common, words: searchSummary(result.search), search: searchBrief(result.search) };
		case 'tune': {
			const { plan, tune } = result;
			const words = tuneSummary(tune, '4 followers');
			return { ...common, words, tune: tuneBrief(tune, plan) };
		}
		case 'tasks':
			return { ...common, words: '' };
		case 'bench': {
			const { plan, bench } = result;
			return {
				...common,
				words: benchSummary(bench, '4 followers'),
				bench: benchBrief(bench, plan)
			};
		}
	}
}

export const samples: SamplesAnswer = [
	{ id: 'walden', title: 'Walden', author: 'Henry David Thoreau', characters: 24_000 }
];

/** The run page of the run of eight layers, as its address would have it. */
export function pageOf(change: Partial<RunUrl> = {}, answering: Answering = 'ready'): RunState {
	const record = recordOf(eight);
	const run = answering === 'ready' ? record : { ...record, id: `${record.id}-${answering}` };
	const page = new RunState(run, { ...defaultUrl(run), ...change });
	const { metric, view } = page.url;
	const sums = eight.run.sums.find((each) => each.view === view);
	if (answering === 'ready' && sums !== undefined) {
		page.similarity = similarityOf(
			sums,
			metric,
			run.windows.map(({ document }) => document)
		);
	}
	if (answering === 'failing') page.failure = FAILURE;
	return page;
}

/** Builds the measurements of the page's model: the results of some kinds, and jobs that are under way. */
export function measurementsOf(
	page: RunState,
	kinds: readonly StoredResult['result']['kind'][] = [],
	jobs: readonly Job[] = []
): Measurements {
	const measurements = new Measurements(page.run);
	measurements.results = results.filter(({ result }) => kinds.includes(result.kind)).map(summaryOf);
	measurements.feed.jobs = jobs.map((job) => ({ ...job, run: page.run.id }));
	measurements.feed.known = true;
	page.damage.source = measurements;
	const [damage] = results;
	if (kinds.includes('damage') && damage.result.kind === 'damage') {
		page.damage.shown = { ...damage, result: damage.result };
	}
	return measurements;
}

export const EVERY_KIND = ['damage', 'evaluate', 'search', 'tune', 'bench'] as const;

export function jobOf(change: Partial<Job> & Pick<Job, 'id' | 'state'>): Job {
	return {
		kind: 'analyze',
		name: 'analysis',
		extent: '8 × 512 tokens of walden.txt',
		model: 'eight',
		texts: ['walden.txt'],
		context: 512,
		windows: 8,
		createdAt: '2026-11-23T06:15:03.000Z',
		progress: null,
		estimate: null,
		run: null,
		result: null,
		reason: null,
		telemetry: null,
		...change
	};
}

/** A job in the middle of its layers. */
export const RUNNING: Job = jobOf({
	id: 'b2',
	state: 'running',
	progress: {
		stage: 'layers',
		layer: 3,
		layers: LAYERS,
		window: 2,
		windows: 8,
		fraction: 0.4,
		secondsElapsed: 4,
		secondsLeft: 6,
		rssBytes: 200_000_000,
		tokens: 1500
	},
	telemetry: eight.evaluation.telemetry
});

export function compared(): CompareState {
	const inputs = studies.map((study) => ({ record: recordOf(study), sums: study.run.sums[0] }));
	const comparison = compareRuns(inputs, { metric: 'cosine', view: 'all' });
	const records = inputs.map(({ record }) => record);
	const query = new SvelteURLSearchParams({ runs: records.map(({ id }) => id).join() });
	return new CompareState(() => ({ comparison, records }), readCompareUrl(query));
}

export const FAILURE = 'the server failed; details are in its terminal';
export const ESTIMATE: ModelEstimate['estimate'] = {
	memoryBytes: 263_000_000,
	memoryLimitBytes: 4_000_000_000,
	seconds: 4.4,
	secondsFrom: 'earlier runs',
	context: 512,
	windows: 8,
	windowsPerGroup: 8,
	tokens: 4096,
	notes: []
};
