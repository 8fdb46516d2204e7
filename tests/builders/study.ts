import { seeded, sumsOfMaps, type AttentionMaps } from './attention.ts';
import { madeUpBench } from './benchReport.ts';
import { layeredDamage, dropLoss, pairLoss } from './damage.ts';
import { madeUpTune } from './tuned.ts';
import { madeUpRun, type MadeUpRun } from './run.ts';
import type { ResultParts } from '../../analysis/measure/results/folder.ts';
import type { EvaluateReport, Evaluation } from '../../analysis/measure/evaluate/types.ts';
import type { PlanFigures, PlanMaker, SearchReport } from '../../analysis/measure/search/types.ts';
import type { Tasks } from '../../analysis/measure/tasks/types.ts';
import { savedShares } from '../../analysis/plan/axes.ts';
import { makePlan } from '../../analysis/plan/planFile.ts';
import { savings } from '../../analysis/plan/savings.ts';
import { planSpans, spansOf } from '../../analysis/plan/spans.ts';
import type { Plan, Sources } from '../../analysis/plan/types.ts';
import type { RunRecord } from '../../analysis/workspace/run/types.ts';
import type { Telemetry } from '../../analysis/telemetry/telemetry.ts';

export type StudiedModel = RunRecord['model'];

/** A run of a model, and a measurement of each kind of it, all made up: whole, related, and the same every time. */
export interface Study {
	run: MadeUpRun;
	damage: ResultParts;
	evaluation: ResultParts;
	search: ResultParts;
	tune: ResultParts;
	bench: ResultParts;
	harness: ResultParts;
}

const CONTEXT = 12;
const WINDOWS = 4;
const SETTING = { context: 1024, batch: 1, elementBytes: 4 };
const WORDS = 'It was a bright cold day in April and the clocks were striking'.split(' ');
const TEXTS = [{ name: 'walden.txt', sha256: '5e'.repeat(32), characters: 24_000 }];

/** A study of a model; at least eight layers, so that every plan of it has room. */
export function madeUpStudy(model: StudiedModel): Study {
	const { name, hash, layers } = model;
	const about = { model: { name, hash }, texts: TEXTS, context: CONTEXT, windows: WINDOWS };
	const stored = (command: string) => ({
		...about,
		command: `spanwise ${command}`,
		telemetry: madeUpTelemetry()
	});
	const shared = planOf(model, sourcesOf(layers, 4));
	const { result } = layeredDamage(layers, about.model);
	if (result.kind !== 'damage') throw new Error('layeredDamage makes damage');
	return {
		run: runOf(model),
		damage: {
			...stored(`damage ${name} --text walden.txt`),
			result: { kind: 'damage', damage: { ...result.damage, ...about } }
		},
		evaluation: {
			...stored(`evaluate ${name} --plan plan.json --text walden.txt`),
			result: { kind: 'evaluate', plan: shared, evaluation: evaluationOf(model, shared, about) }
		},
		search: {
			...stored(`search ${name} --followers 4 --text walden.txt`),
			result: {
				kind: 'search',
				search: { report: searchOf(model), ...about, notes: [], seconds: 40 }
			}
		},
		tune: {
			...stored(`tune ${name} --plan plan.json --text walden.txt`),
			result: { kind: 'tune', plan: shared, tune: madeUpTune(shared.sources, about) }
		},
		bench: {
			...stored(`bench ${name} --plan plan.json`),
			texts: [],
			context: 512,
			windows: 7,
			result: {
				kind: 'bench',
				plan: shared,
				bench: { ...madeUpBench(), model: name, modelHash: hash, followers: 4 }
			}
		},
		harness: {
			...stored(`import lm-eval ${name} ${name}-plan --model ${name}`),
			texts: [],
			context: 0,
			windows: 200,
			result: { kind: 'tasks', tasks: harnessOf(model) }
		}
	};
}

/** Each of the last layers but one follows the layer before them all. */
function sourcesOf(layers: number, followers: number): Sources {
	const source = layers - followers - 2;
	return Array.from({ length: layers }, (_, layer) =>
		layer > source && layer <= source + followers ? source : layer
	);
}

function planOf(model: StudiedModel, sources: Sources): Plan {
	const { name, architecture, layers, heads, kvHeads, hash } = model;
	return makePlan(
		{
			model: { name, architecture, layers, heads, kvHeads, hash },
			sources,
			spans: planSpans(sources, null),
			definition: null,
			predicted: null
		},
		new Date('2026-11-23T06:15:03.000Z')
	);
}

/** Neighbouring layers attend alike, and the more the deeper they are. */
function runOf(model: StudiedModel): MadeUpRun {
	const { record } = madeUpRun(`${model.name}-20261123-061503-a1b2`);
	const { layers } = model;
	const random = seeded(layers);
	const maps = Array.from({ length: WINDOWS }, () => driftingMaps(layers, model.heads, random));
	const each = (of: (depth: number) => number) =>
		Array.from({ length: layers }, (_, layer) => of(layer / (layers - 1)));
	const pieces = Array.from({ length: CONTEXT }, (_, token) => ` ${WORDS[token % WORDS.length]}`);
	const ids = Array.from({ length: CONTEXT }, (_, token) => token + 1);
	return {
		record: {
			...record,
			model,
			texts: TEXTS,
			context: CONTEXT,
			windows: Array.from({ length: WINDOWS }, (_, window) => ({
				document: 0,
				start: window * 6000,
				tokens: CONTEXT
			})),
			tokens: CONTEXT * WINDOWS,
			views: ['all', 'no-sink'],
			profile: {
				queriesPerWindow: CONTEXT,
				entropyNats: each((depth) => 2 - depth),
				firstTokenMass: each((depth) => 0.2 + 0.5 * depth)
			},
			telemetry: madeUpTelemetry(),
			command: `spanwise analyze ${model.name} --text walden.txt`
		},
		sums: (['all', 'no-sink'] as const).map((view) => sumsOfMaps(maps, view)),
		windows: { windows: Array.from({ length: WINDOWS }, () => ({ ids, pieces })) }
	};
}

/** Causal attention whose scores turn from one pattern to another along the depth. */
function driftingMaps(layers: number, heads: number, random: () => number): AttentionMaps {
	const pattern = () => Float64Array.from({ length: CONTEXT ** 2 }, () => 5 * random());
	const ends = Array.from({ length: heads }, () => [pattern(), pattern()]);
	return Array.from({ length: layers }, (_, layer) => {
		const turn = Math.sqrt(layer / (layers - 1)) * (Math.PI / 2);
		return ends.map(([first, last]) => {
			const map = new Float64Array(CONTEXT ** 2);
			for (let query = 0; query < CONTEXT; query++) {
				const at = (key: number) => query * CONTEXT + key;
				const weights = Array.from({ length: query + 1 }, (_, key) =>
					Math.exp(Math.cos(turn) * first[at(key)] + Math.sin(turn) * last[at(key)])
				);
				const sum = weights.reduce((total, weight) => total + weight, 0);
				weights.forEach((weight, key) => (map[at(key)] = weight / sum));
			}
			return map;
		});
	});
}

const figures = (loss: number) => ({
	loss,
	perplexity: Math.exp(loss),
	bitsPerByte: loss / 2,
	tokens: WINDOWS * (CONTEXT - 1)
});

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

/** Its loss rises a little more in each window; of three gates one passes, one fails and one is inconclusive. */
function evaluationOf(
	model: StudiedModel,
	{ sources }: Plan,
	about: Pick<Evaluation, 'model' | 'texts' | 'context'>
): Evaluation {
	const tokens = CONTEXT - 1;
	const windows = Array.from({ length: WINDOWS }, (_, window) => ({
		document: 0,
		start: window * 6000,
		tokens,
		bytes: 5 * tokens,
		baseline: 3 + window / 10,
		shared: 3.1 + window / 7,
		kl: 0.05 + window / 50,
		agreement: 0.9 - window / 50,
		baselineSeconds: 0.02,
		sharedSeconds: 0.018
	}));
	const each = (of: (token: number) => number) => Array.from({ length: tokens }, (_, t) => of(t));
	const way = (ms: number) => ({
		prefillSeconds: { median: ms / 1000, q25: (ms - 1) / 1000, q75: (ms + 2) / 1000 },
		cpuSeconds: (2 * ms) / 1000,
		peakRssBytes: 180_000_000
	});
	const report: EvaluateReport = {
		baseline: figures(3.15),
		shared: figures(3.31),
		delta: { loss: 0.164, low: 0.1, high: 0.229, over: 'blocks' },
		kl: { mean: 0.08, p99: 0.6 },
		agreement: 0.87,
		windows,
		worst: [WINDOWS - 1, 0].map((window) => ({
			window,
			pieces: each(() => 0).map((_, token) => ` ${WORDS[(token + 1) % WORDS.length]}`),
			baseline: each((token) => 2 + (token % 3)),
			shared: each((token) => 2 + (token % 3) + (token % 4 === 3 ? 1.5 : 0.05))
		})),
		cost: {
			measured: {
				timed: 'layers',
				baseline: way(20),
				shared: way(18),
				prefillRatio: { median: 0.9, q25: 0.87, q75: 0.94 },
				processPeakRssBytes: 260_000_000,
				weights: 'resident'
			},
			predicted: savings(model, sources, SETTING)
		},
		gates: {
			verdict: 'fail',
			judged: [
				gate('maxLossIncrease', 0.3, [0.164, 0.1, 0.229], 'pass'),
				gate('minAgreement', 0.95, [0.87, 0.84, 0.9], 'fail'),
				gate('maxAccuracyDrop', 0.05, [0.04, 0.01, 0.07], 'inconclusive')
			]
		}
	};
	return { report, ...about, notes: [], warning: null, seconds: 2 };
}

type Judged = NonNullable<EvaluateReport['gates']>['judged'][number];

function gate(
	name: Judged['gate'],
	limit: number,
	[value, low, high]: [number, number, number],
	verdict: Judged['verdict']
): Judged {
	const excess = name === 'minAgreement' ? limit - value : value - limit;
	return { gate: name, limit, value, low, high, verdict, excess };
}

/** Dropping is the cheapest, sharing comes next, and both rivals cost more. */
function searchOf(model: StudiedModel): SearchReport {
	const { layers } = model;
	const own = Array.from({ length: layers }, (_, layer): number | null => layer);
	const dropping = own.map((layer) => (layer === 3 || layer === 5 ? null : layer));
	const trailing = own.map((layer) => (layer !== null && layer > layers - 5 ? layers - 5 : layer));
	const plans = [
		madePlan(model, 'share', sourcesOf(layers, 4), 0.164),
		madePlan(model, 'drop', dropping, 0.061),
		madePlan(model, 'similarity', sourcesOf(layers, 3), 0.21),
		madePlan(model, 'trailing', trailing, 0.42)
	];
	const front = [1, 2, 3, 4].flatMap((count) =>
		(['share', 'drop'] as const).map((kind) => {
			const loss = kind === 'share' ? 0.03 * count ** 1.2 : 0.016 * count ** 1.6;
			const sources =
				kind === 'share'
					? sourcesOf(layers, count)
					: own.map((layer) =>
							layer !== null && layer % 2 === 1 && layer < 2 * count ? null : layer
						);
			return {
				kind,
				sources,
				savings: savedShares(model, sources, SETTING),
				sumOfParts: loss,
				report: around(loss * 1.1)
			};
		})
	);
	const each = <T>(value: T) => ({ search: value, choose: value, report: value });
	return {
		verdict: {
			kind: 'drop',
			plan: 'drop',
			sentence: 'Drop the attention of layers 3 and 5: +0.061 [+0.031, +0.091] nats/token.'
		},
		goal: { kind: 'followers', followers: 4 },
		target: { axis: 'kvCache', share: 0.125 },
		plans,
		random: {
			plans: [0.2, 0.3, 0.4, 0.5].map((report) => ({ sources: dropping, report })),
			beaten: 1
		},
		front,
		shortlist: {
			spans: own.slice(2).map((_, source) => ({
				source,
				last: source + 1,
				cheap: dropLoss(source) / 2,
				measured: pairLoss(source, source + 1)
			})),
			rho: 0.8
		},
		importance: own.map((_, layer) => 0.02 + 0.3 / (1 + layer)),
		baseline: each(figures(3.15)),
		interval: each('blocks' as const),
		parts: each({ windows: WINDOWS, documents: [0] }),
		notes: []
	};
}

const around = (loss: number) => ({ loss, low: loss - 0.03, high: loss + 0.03 });

function madePlan(
	model: StudiedModel,
	maker: PlanMaker,
	sources: Sources,
	loss: number
): PlanFigures {
	return {
		name: maker,
		maker,
		repaired: false,
		kind: spansOf(sources).length > 0 ? 'share' : 'drop',
		sources,
		savings: savedShares(model, sources, SETTING),
		sumOfParts: loss - 0.01,
		additivityError: 0.01,
		search: around(loss),
		choose: around(loss),
		report: around(loss * 1.1),
		plan: planOf(model, sources)
	};
}

/** Twenty samples of two stages. */
export function madeUpTelemetry(): Telemetry {
	const samples = Array.from({ length: 20 }, (_, index) => ({
		seconds: index / 4,
		stage: index < 4 ? 'reading weights' : 'layers',
		rssBytes: 150_000_000 + 4_000_000 * index,
		cores: index < 4 ? 0.6 : 1.8 + (index % 3) / 20,
		tokensPerSecond: index < 4 ? 0 : 900 + 30 * (index % 5)
	}));
	return {
		samples,
		stages: [
			{ stage: 'reading weights', seconds: 1 },
			{ stage: 'layers', seconds: 4 }
		],
		peakRssBytes: 230_000_000,
		cpuSeconds: 8,
		tokens: WINDOWS * CONTEXT,
		seconds: 5
	};
}
