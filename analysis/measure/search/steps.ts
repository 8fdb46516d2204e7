import type { Reporter } from '../../telemetry/reporter.ts';
import type { WeightSource } from '../../engine/weights.ts';
import { modelFacts } from '../../model/checkpoint/facts.ts';
import { baselineFigures } from '../figures.ts';
import { savedPerLayer, savedShares } from '../../plan/axes.ts';
import { randomPlans } from '../../plan/random.ts';
import type { Sources } from '../../plan/types.ts';
import type { Document } from '../../model/tokens/types.ts';
import { mean } from '../../statistics/figures.ts';
import { axisPlans, axisWinners } from './axisPlans.ts';
import { countsOf, isPlanners, variantOf, type Candidate } from './candidate.ts';
import { measureDamage, shortlistOf, sumOfParts, sumOfRecall } from './damage.ts';
import { SEARCH_DEFAULTS } from './defaults.ts';
import { planFigures, savingsSetting, type About } from './figures.ts';
import { spreadFront } from './front.ts';
import { makePlans } from './makers.ts';
import type { Meter } from './meter.ts';
import type { OutputOf } from './outputs.ts';
import type { PreparedSearch } from './prepare.ts';
import { repairPlans, type Refit } from './repaired.ts';
import type { SearchSimilarity } from './similarity.ts';
import { stabilityOf } from './stability.ts';
import { axisOf, targetOf } from './target.ts';
import { tiesOf } from './ties.ts';
import { type Part, type SearchReport, type SearchRequest } from './types.ts';
import { plainOf, verdictOf } from './verdict.ts';
import { bestWithin, FRONT_KINDS, keepingRecall, weighedFront, weighedPlans } from './weighed.ts';

/** What a search is made with. */
export interface SearchMeans {
	prepared: PreparedSearch;
	weights: WeightSource;
	similarity: SearchSimilarity;
	output: OutputOf;
	/** [L]: how much each layer's attention turns the state; see `Outputs`. */
	turned: readonly number[];
	/** Of loss on text. */
	meter: Meter;
	/** Of recall; null: it is not measured. */
	recall: Meter | null;
	reporter: Reporter;
	/** Told after each layer of each window under a plan. */
	onLayer: () => void;
}

/** Fixed, so that the same search always meets the same random plans. */
const SEED = 0x5eed;
/** Weights under which plans are looked for that stay within a loss: each front is followed from its end. */
const WEIGHTS_OF_A_LOSS = [0, 0.1, 0.5];
/** Weight of recall in the front that is drawn beside that of text alone, where the proposed plan has none. */
const DRAWN_WEIGHT = 0.1;

/**
 * The steps of a search, in the order that keeps the report part unseen: damage, plans and repairs on search and
 * choose; the choice, the front and the random plans; and then, once, all of them on report.
 */
export async function searchWith(
	request: SearchRequest,
	means: SearchMeans,
	about: About
): Promise<{ report: SearchReport; refits: Refit[] }> {
	const { prepared, similarity, meter, recall } = means;
	const { checkpoint, limits, layout, parts } = prepared;
	const { layers } = layout;
	const limit = request.maxRecallIncrease ?? SEARCH_DEFAULTS.maxRecallIncrease;
	const notes: string[] = [];
	const facts = modelFacts(checkpoint);
	const setting = savingsSetting(prepared);
	const perLayer = savedPerLayer(facts, setting, axisOf(request.goal));

	const damage = await measureDamage(prepared, means, request.shortlist);
	const weighing = { damage, perLayer, limits };
	const fronts = {
		share: weighedFront('share', 0, weighing),
		drop: weighedFront('drop', 0, weighing),
		mixed: weighedFront('mixed', 0, weighing)
	};
	const weightsOfLoss = recall === null ? [0] : WEIGHTS_OF_A_LOSS;
	const target = await targetOf(
		request.goal,
		{
			savedByFollower: perLayer.share,
			fronts: weightsOfLoss.map((weight) => weighedFront('mixed', weight, weighing))
		},
		{ meter, recall, limit }
	);
	const saved = (sources: Sources) => savedShares(facts, sources, setting)[target.axis];
	const measure = async (base: Sources, plans: readonly Sources[]) => {
		const variants = plans.map((sources) => ({ sources }));
		const added = await meter.added('search', variants, { sources: base });
		return added.map(({ loss }) => loss);
	};
	const keeping =
		recall &&
		((kind: (typeof FRONT_KINDS)[number]) =>
			keepingRecall(weighedPlans(kind, target.share, weighing), { meter, recall, limit }));
	const { turned } = means;
	const makings = { layers, limits, target, saved, fronts, keeping, similarity, turned, measure };
	const made = target.share > 0 ? await makePlans(makings, (text) => notes.push(text)) : [];
	const repaired = request.repair ? await repairPlans(made, means) : [];
	const candidates: Candidate[] = [
		...made.map((plan) => ({ ...plan, repair: null })),
		...repaired.map(({ candidate }) => candidate)
	];
	const variants = candidates.map(variantOf);
	const onSearch = await meter.added('search', variants);
	const onChoose = await meter.added('choose', variants);
	const recallOnChoose = recall && (await recall.added('choose', variants));
	const own = [...candidates.keys()].filter((at) => isPlanners(candidates[at]));
	const best = (recalls: typeof recallOnChoose): number | null =>
		own.length === 0
			? null
			: own[
					bestWithin(
						own.map((at) => onChoose[at]),
						recalls && own.map((at) => recalls[at]),
						limit
					)
				];
	const chosenAt = best(recallOnChoose);
	const textOnlyAt = best(null);
	const chosen = chosenAt === null ? null : candidates[chosenAt];
	const weight = chosen?.weight ?? 0;

	const spread = (kind: (typeof FRONT_KINDS)[number], by: number) =>
		spreadFront(weighedFront(kind, by, weighing)).map(({ sources }) => ({
			kind,
			weight: by,
			sources
		}));
	const points = [
		...FRONT_KINDS.flatMap((kind) => spread(kind, 0)),
		...(recall === null ? [] : spread('mixed', weight || DRAWN_WEIGHT))
	];
	const pointsOnChoose = await meter.added('choose', points);
	const random =
		chosen === null
			? []
			: randomPlans(request.randomPlans, countsOf(chosen.sources), limits, layers, SEED).map(
					(sources) => ({ sources })
				);
	const axes =
		chosen === null ? [] : axisPlans(chosen.sources, { facts, setting, damage, limits, weight });
	const axisVariants = axes.flatMap(({ plans }) => plans);

	const stability =
		chosen === null
			? undefined
			: await stabilityOf(chosen, { weighing, share: target.share, meter, recall });

	// Everything is frozen. Only now, and only here, is the report part read.
	const measured = [...variants, ...points, ...axisVariants];
	const byWindow = await meter.addedByWindow('report', [...measured, ...random]);
	const reported = byWindow.map((deltas) => meter.interval('report', deltas));
	const recalled = recall && (await recall.added('report', measured));

	const recallOf = (at: number) =>
		recallOnChoose && recalled ? { choose: recallOnChoose[at], report: recalled[at] } : undefined;
	const baseline = await baselines(prepared, request.documents, meter);
	const figuresOf = {
		...about,
		baseline: baseline.report,
		windows: parts.report.length,
		over: meter.draws.report?.over ?? null
	};
	const plans = candidates.map((candidate, at) =>
		planFigures(
			prepared,
			candidate,
			damage,
			{ search: onSearch[at], choose: onChoose[at], report: reported[at] },
			recallOf(at),
			figuresOf
		)
	);
	const proposed = chosenAt === null ? null : plans[chosenAt];
	const randomLosses = reported.slice(measured.length).map(({ loss }) => loss);
	// Like with like: random plans are not repaired.
	const plain = proposed === null ? undefined : plainOf(plans, proposed);
	const beaten =
		plain === undefined || random.length === 0
			? null
			: randomLosses.filter((loss) => loss > plain.report.loss).length / random.length;
	const firstPoint = variants.length;
	const firstOfAxes = firstPoint + points.length;
	const textOnly = textOnlyAt === null ? undefined : plans[textOnlyAt];
	const found = {
		goal: request.goal,
		target,
		plans,
		random: {
			plans: random.map(({ sources }, at) => ({ sources, report: randomLosses[at] })),
			beaten
		},
		...(recall && {
			recall: {
				limit,
				baseline: await ofParts(async (part) => mean(await recall.baseline(part))),
				probes: await ofParts((part) => prepared.recall?.parts[part].length ?? 0),
				interval: await ofParts((part) => recall.draws[part]?.over ?? null),
				textOnly:
					textOnly?.recall === undefined
						? null
						: {
								plan: textOnly.name,
								sources: textOnly.sources,
								report: textOnly.report,
								recall: textOnly.recall.report
							},
				drop: damage.recallDrop ?? []
			}
		}),
		...(chosenAt !== null && {
			axes: axisWinners(axes, {
				byWindow: byWindow.slice(firstOfAxes),
				recall: recalled && recalled.slice(firstOfAxes),
				limit,
				interval: (deltas) => meter.interval('report', deltas)
			}),
			ties: tiesOf(plans, candidates, chosenAt, {
				byWindow,
				limit: recall === null ? null : limit,
				interval: (deltas) => meter.interval('report', deltas)
			}),
			...(stability && { stability })
		})
	};
	return {
		report: {
			verdict: verdictOf(found, proposed),
			...found,
			front: points.map(({ kind, sources, weight: by }, at) => ({
				kind,
				sources,
				savings: savedShares(facts, sources, setting),
				sumOfParts: sumOfParts(sources, damage) ?? 0,
				choose: pointsOnChoose[at],
				report: reported[firstPoint + at],
				...(by !== 0 && { weight: by }),
				...(recalled && {
					recall: {
						sumOfParts: sumOfRecall(sources, damage) ?? 0,
						report: recalled[firstPoint + at]
					}
				})
			})),
			shortlist: shortlistOf(damage),
			baseline,
			interval: await ofParts((part) => meter.draws[part]?.over ?? null),
			parts: await ofParts((part) => ({
				windows: parts[part].length,
				documents: [...new Set(parts[part].map(({ document }) => document))]
			})),
			notes
		},
		refits: repaired.map(({ refit }) => refit)
	};
}

async function baselines(
	{ parts, context, tokenizer }: PreparedSearch,
	documents: readonly Document[],
	meter: Meter
): Promise<SearchReport['baseline']> {
	const figures = async (part: Part) =>
		baselineFigures(
			{ windows: parts[part], context, tokenizer },
			documents,
			await meter.baseline(part)
		);
	return {
		search: await figures('search'),
		choose: await figures('choose'),
		report: await figures('report')
	};
}

async function ofParts<Value>(
	of: (part: Part) => Value | Promise<Value>
): Promise<Record<Part, Value>> {
	return { search: await of('search'), choose: await of('choose'), report: await of('report') };
}
