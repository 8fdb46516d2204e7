import { madeUpBench, sure } from './benchReport.ts';
import { layeredDamage } from './damage.ts';
import { madeUpLosses, RECALL, type Losses } from './losses.ts';
import { madeUpTraining } from './training.ts';
import { madeUpTune } from './tuned.ts';
import type { MadeUpRun } from './run.ts';
import {
	CONTEXT,
	madeUpTelemetry,
	runOf,
	TEXTS,
	WINDOWS,
	WORDS,
	type StudiedModel
} from './studyRun.ts';
import { figures, FOLLOWERS, searchOf, SETTING } from './studySearch.ts';
import { judgeGates } from '../../analysis/measure/evaluate/gates.ts';
import type { Dynamics } from '../../analysis/compare/dynamics.ts';
import type { EvaluateReport, Evaluation } from '../../analysis/measure/evaluate/types.ts';
import type { ResultParts } from '../../analysis/measure/results/folder.ts';
import type { PlanFigures } from '../../analysis/measure/search/types.ts';
import type { Tasks } from '../../analysis/measure/tasks/types.ts';
import { savings } from '../../analysis/plan/savings.ts';
import type { Plan } from '../../analysis/plan/types.ts';
import { similarityMatrix } from '../../analysis/similarity/measure.ts';

/** A run of a model, and a measurement of each kind of it, all made up: whole, related, and the same every time. */
export interface Study {
	run: MadeUpRun;
	damage: ResultParts;
	evaluation: ResultParts;
	search: ResultParts;
	tune: ResultParts;
	bench: ResultParts;
	harness: ResultParts;
	/** A training whose last checkpoint is the run. */
	training: Dynamics;
}

/** A study of a model; at least eight layers, so that every plan of it has room. */
export function madeUpStudy(model: StudiedModel): Study {
	const { name, hash, layers } = model;
	const about = { model: { name, hash }, texts: TEXTS, context: CONTEXT, windows: WINDOWS };
	const stored = (command: string) => ({
		...about,
		command: `spanwise ${command}`,
		telemetry: madeUpTelemetry()
	});
	const run = runOf(model);
	const matrix = similarityMatrix(run.sums[0], 'cosine');
	const losses = madeUpLosses(matrix, layers, run.record.loss);
	const search = searchOf(model, matrix, losses);
	const [share, drop] = search.plans;
	const { result } = layeredDamage(layers, about.model, losses);
	if (result.kind !== 'damage') throw new Error('layeredDamage makes damage');
	const { damage } = result;
	const report = { ...damage.report, baseline: figures(losses.baseline) };
	return {
		run,
		damage: {
			...stored(`damage ${name} --text walden.txt`),
			result: { kind: 'damage', damage: { ...damage, ...about, report } }
		},
		evaluation: {
			...stored(`evaluate ${name} --plan plan.json --text walden.txt`),
			result: {
				kind: 'evaluate',
				plan: share.plan,
				evaluation: evaluationOf(model, share.plan, losses, about)
			}
		},
		search: {
			...stored(`search ${name} --followers ${FOLLOWERS} --text walden.txt`),
			result: { kind: 'search', search: { report: search, ...about, notes: [], seconds: 40 } }
		},
		tune: {
			...stored(`tune ${name} --plan plan.json --text walden.txt`),
			result: {
				kind: 'tune',
				plan: share.plan,
				tune: madeUpTune(losses, { planned: share.sources, rival: drop.sources }, about)
			}
		},
		bench: {
			...stored(`bench ${name} --plan plan.json`),
			texts: [],
			context: 512,
			windows: 7,
			result: { kind: 'bench', plan: share.plan, bench: benchOf(model, share, losses) }
		},
		harness: {
			...stored(`import lm-eval ${name} ${name}-plan --model ${name}`),
			texts: [],
			context: 0,
			windows: 200,
			result: { kind: 'tasks', tasks: harnessOf(model) }
		},
		training: madeUpTraining(run.record, matrix, losses)
	};
}

/** Two tasks: the planned model answers a few questions fewer, and its bits per byte rise. */
function harnessOf({ name, hash }: StudiedModel): Tasks {
	const common = { filter: 'none', questions: 200 };
	return {
		...{ a: name, b: `${name}-plan`, over: 'blocks', unpaired: { a: 0, b: 0 } },
		...{ model: { name, hash }, notes: [] },
		rows: [
			{
				...{ ...common, task: 'hellaswag', metric: 'acc', a: 0.31, b: 0.285 },
				delta: { value: -0.025, low: -0.055, high: 0.005 },
				mcnemar: { onlyA: 9, onlyB: 4, p: 0.2668 }
			},
			{
				...{ ...common, task: 'wikitext', metric: 'bits_per_byte', a: 1.62, b: 1.71 },
				delta: { value: 0.09, low: 0.06, high: 0.12 },
				mcnemar: null
			}
		]
	};
}

/** The plan costs a little more in each window; of three gates one passes, one fails and one is inconclusive. */
function evaluationOf(
	model: StudiedModel,
	{ sources }: Plan,
	{ baseline, added, around }: Losses,
	about: Pick<Evaluation, 'model' | 'texts' | 'context'>
): Evaluation {
	const tokens = CONTEXT - 1;
	const increase = around(added(sources));
	const windows = Array.from({ length: WINDOWS }, (_, window) => {
		const loss = baseline + (window - (WINDOWS - 1) / 2) / 10;
		return {
			document: 0,
			start: window * 6000,
			tokens,
			bytes: 5 * tokens,
			baseline: loss,
			shared: loss + increase.loss * (0.7 + window / 5),
			kl: 0.05 + window / 50,
			agreement: 0.9 - window / 50,
			baselineSeconds: 0.02,
			sharedSeconds: 0.018
		};
	});
	const each = (of: (token: number) => number) => Array.from({ length: tokens }, (_, t) => of(t));
	const variant = (ms: number) => ({
		prefillSeconds: { median: ms / 1000, q25: (ms - 1) / 1000, q75: (ms + 2) / 1000 },
		cpuSeconds: (2 * ms) / 1000,
		peakRssBytes: 180_000_000
	});
	const report: EvaluateReport = {
		baseline: figures(baseline),
		shared: figures(baseline + increase.loss),
		delta: { ...increase, over: 'blocks' },
		kl: { mean: 0.08, p99: 0.6 },
		agreement: 0.87,
		windows,
		worst: [WINDOWS - 1, WINDOWS - 2].map((window) => {
			const row = windows[window];
			const before = each((token) => row.baseline + (token - (tokens - 1) / 2) / 5);
			// Every fourth token loses twelve times as much as the others.
			const lost = (token: number) => (row.shared - row.baseline) * (token % 4 === 3 ? 4 : 1 / 3);
			return {
				window,
				pieces: before.map((_, token) => ` ${WORDS[(token + 1) % WORDS.length]}`),
				baseline: before,
				shared: before.map((loss, token) => loss + lost(token))
			};
		}),
		cost: {
			measured: {
				timed: 'layers',
				baseline: variant(20),
				shared: variant(18),
				prefillRatio: { median: 0.9, q25: 0.87, q75: 0.94 },
				processPeakRssBytes: 260_000_000,
				weights: 'resident'
			},
			predicted: savings(model, sources, SETTING)
		},
		gates: judgeGates(
			{ maxLossIncrease: 0.3, minAgreement: 0.95, maxAccuracyDrop: 0.05 },
			{
				lossIncrease: { value: increase.loss, ...increase },
				agreement: { value: 0.87, low: 0.84, high: 0.9 },
				accuracyDrop: { value: 0.04, low: 0.01, high: 0.07 }
			}
		)
	};
	return { report, ...about, notes: [], warning: null, seconds: 2 };
}

/** Deploys a plan: it costs what it costs elsewhere, and its cache is as small as counting says. */
function benchOf(
	model: StudiedModel,
	{ sources, savings }: PlanFigures,
	{ baseline, added, around }: Losses
) {
	const { layers, kvHeads, headDim } = model;
	const { prefillFlops, decodeBytes, kvCache, parameters } = savings;
	const kept = 1 - kvCache;
	const bench = madeUpBench({
		cacheBytesPerToken: kept,
		firstTokenSeconds: sure(0.866, 0.887, 0.918),
		tokensPerSecond: sure(1.245, 1.287, 1.318)
	});
	const cacheBytesPerToken = 2 * SETTING.elementBytes * layers * kvHeads * headDim;
	const cost = (of: number, more: number) => ({
		baseline: of,
		planned: of + more,
		windows: WINDOWS,
		delta: around(more)
	});
	const loss = added(sources);
	return {
		...bench,
		...{ model: model.name, modelHash: model.hash, followers: FOLLOWERS },
		baseline: { ...bench.baseline, cacheBytesPerToken },
		planned: { ...bench.planned, cacheBytesPerToken: kept * cacheBytesPerToken },
		predicted: { prefillFlops, decodeBytes, kvCache, parameters },
		cost: {
			text: { ...cost(baseline, loss), over: 'blocks' as const },
			recall: cost(RECALL, 2 * loss),
			texts: TEXTS,
			context: CONTEXT
		}
	};
}
