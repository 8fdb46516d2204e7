import type { Reporter } from '../../telemetry/reporter.ts';
import type { Plans } from '../../engine/plans.ts';
import { modelFacts } from '../../model/checkpoint/facts.ts';
import { baselineFigures } from '../figures.ts';
import { savedFractions, savedPerLayer } from '../../plan/axes.ts';
import { randomPlans } from '../../plan/random.ts';
import type { Sources } from '../../plan/types.ts';
import type { Document } from '../../model/tokens/types.ts';
import { mean } from '../../statistics/figures.ts';
import { axisPlans, axisWinners } from './axisPlans.ts';
import { countsOf, madeFrom, mayBeChosen, nameOf, variantOf, type Candidate } from './candidate.ts';
import { knownOf, shortlistOf, sumOfParts, sumOfRecall } from './damage.ts';
import { RECALL_WEIGHTS } from './constants.ts';
import { SEARCH_DEFAULTS } from './defaults.ts';
import { planFigures, savingsSetting, type About } from './figures.ts';
import { spreadFront } from './front.ts';
import type { LossMeter } from './lossMeter.ts';
import type { OutputOf } from './outputs.ts';
import { makePlans } from './planners.ts';
import type { PreparedSearch } from './prepare.ts';
import type { RaceTask } from './race.ts';
import { raceDamage } from './raced.ts';
import { randomLosses } from './randomRace.ts';
import { repairPlans, type Refit } from './repaired.ts';
import type { SearchSimilarity } from './similarity.ts';
import { stabilityOf } from './stability.ts';
import { axisOf, fixedTarget, targetOfLoss } from './target.ts';
import { tiesOf } from './ties.ts';
import { keepingAccuracy, type AccuracyMeter } from './tasks.ts';
import { formatShortPercent } from '../../text/number.ts';
import type { Part, PlanFigures, SearchedTasks, SearchReport, SearchRequest } from './types.ts';
import { plainOf, verdictOf } from './verdict.ts';
import { bestWithin, FRONT_KINDS, keepingRecall, weighedFront, weighedPlans } from './weighed.ts';

/** Prepared search, and the engine, meters and callbacks of its steps. */
export interface SearchDeps {
	prepared: PreparedSearch;
	plans: Plans;
	similarity: SearchSimilarity;
	output: OutputOf;
	/** [L]: how much each layer's attention turns the state; see `Plans.turned`. */
	turned: readonly number[];
	/** Of loss on text. */
	meter: LossMeter;
	/** Of recall; null: it is not measured. */
	recall: LossMeter | null;
	/** Of the user's questions; null: there are none. */
	tasks: AccuracyMeter | null;
	reporter: Reporter;
	/** Called after each layer of each window under a plan. */
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
	deps: SearchDeps,
	about: About
): Promise<{ report: SearchReport; refits: Refit[] }> {
	const { prepared, similarity, meter, recall, tasks } = deps;
	const { checkpoint, limits, layout, parts } = prepared;
	const { layers } = layout;
	const limit = request.maxRecallIncrease ?? SEARCH_DEFAULTS.maxRecallIncrease;
	const notes: string[] = [];
	const facts = modelFacts(checkpoint);
	const setting = savingsSetting(prepared);
	const perLayer = savedPerLayer(facts, setting, axisOf(request.goal));

	const { goal, exhaustive = false, shortlist } = request;
	const fixed = fixedTarget(goal, perLayer.share);
	const task: RaceTask | null =
		exhaustive || fixed === null
			? null
			: {
					fraction: fixed.share,
					perLayer,
					limits,
					layers,
					weights: recall === null ? [0] : RECALL_WEIGHTS
				};
	const { damage, entrants, race } = await raceDamage(prepared, deps, { shortlist, task });
	/** At the target exact plans are made of what is still in; elsewhere of all that was measured. */
	const atTarget = { damage: entrants, perLayer, limits };
	const weighing = { damage, perLayer, limits };
	const fronts = {
		share: weighedFront('share', 0, atTarget),
		drop: weighedFront('drop', 0, atTarget),
		mixed: weighedFront('mixed', 0, atTarget)
	};
	const target =
		goal.kind === 'loss'
			? await targetOfLoss(
					goal,
					(recall === null ? [0] : WEIGHTS_OF_A_LOSS).map((weight) =>
						weighedFront('mixed', weight, weighing)
					),
					{ meter, recall, limit }
				)
			: { axis: axisOf(goal), share: fixed?.share ?? 0 };
	const saved = (sources: Sources) => savedFractions(facts, sources, setting)[target.axis];
	const measure = async (plans: readonly Sources[]) => {
		const added = await meter.added(
			'search',
			plans.map((sources) => ({ sources }))
		);
		return added.map(({ loss }) => loss);
	};
	const keeping =
		recall &&
		((kind: (typeof FRONT_KINDS)[number]) =>
			keepingRecall(weighedPlans(kind, target.share, atTarget), { meter, recall, limit }));
	const { turned } = deps;
	const known = exhaustive ? null : knownOf(damage);
	const inputs = {
		layers,
		limits,
		target,
		saved,
		fronts,
		keeping,
		similarity,
		turned,
		turnedUnder: (sources: Sources) =>
			deps.plans.turned(sources, parts.search, (work, window, layer) =>
				deps.reporter.addLayer(work, 'dropping step by step', window, layer ?? 0)
			),
		measure,
		known
	};
	const made = target.share > 0 ? await makePlans(inputs, (text) => notes.push(text)) : [];
	const repaired = request.repair ? await repairPlans(made, deps) : [];
	const candidates: Candidate[] = [
		...made.map((plan) => ({ ...plan, repair: null })),
		...repaired.map(({ candidate }) => candidate)
	];
	const variants = candidates.map(variantOf);
	const names = candidates.map(({ maker, repair }) => nameOf(maker, repair !== null));
	const onSearch = await meter.added('search', variants);
	const onChoose = await meter.added('choose', variants);
	const recallOnChoose = recall && (await recall.added('choose', variants));
	const own = [...candidates.keys()].filter((at) => mayBeChosen(candidates[at]));
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
	const untasked = best(recallOnChoose);
	const textOnlyAt = best(null);
	// Within recall's limit as far as there are such plans; the cheapest first.
	const kept = own.filter((at) => (recallOnChoose?.[at].loss ?? 0) <= limit);
	const cheapestFirst = (kept.length > 0 ? kept : own.filter((at) => at === untasked)).sort(
		(a, b) => onChoose[a].loss - onChoose[b].loss
	);
	const asked = tasks && (await keepingAccuracy(cheapestFirst, variants, tasks));
	const chosenAt = asked === null ? untasked : asked.chosen;
	if (tasks !== null && asked !== null && chosenAt !== null) {
		if ((asked.drops.get(chosenAt)?.value ?? 0) > tasks.limit)
			notes.push(
				`no plan keeps accuracy within ${formatShortPercent(tasks.limit)} on the choose part; the one that loses least was taken`
			);
	}
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
			: await stabilityOf(chosen, { weighing: atTarget, fraction: target.share, meter, recall });

	// Everything is frozen. Only now, and only here, is the report part read.
	const measured = [...variants, ...points, ...axisVariants];
	const byWindow = await meter.addedByWindow('report', measured);
	const reported = byWindow.map((deltas) => meter.interval('report', deltas));
	const recalled = recall && (await recall.added('report', measured));

	const paired = (at: number, other: number) =>
		meter.interval(
			'report',
			byWindow[at].map((delta, window) => delta - byWindow[other][window])
		);
	const dropsOnReport = tasks && (await tasks.drops('report', [...variants, ...points]));
	const comparedOf = (
		at: number
	): Pick<PlanFigures, 'recall' | 'accuracy' | 'difference' | 'madeFrom'> => {
		const from = madeFrom(candidates, at);
		const choose = asked?.drops.get(at);
		return {
			...(chosenAt !== null && at !== chosenAt && { difference: paired(at, chosenAt) }),
			...(from !== null && { madeFrom: { plan: names[from], difference: paired(at, from) } }),
			...(recallOnChoose &&
				recalled && { recall: { choose: recallOnChoose[at], report: recalled[at] } }),
			...(dropsOnReport && { accuracy: { ...(choose && { choose }), report: dropsOnReport[at] } })
		};
	};
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
			comparedOf(at),
			figuresOf
		)
	);
	const proposed = chosenAt === null ? null : plans[chosenAt];
	// Like with like: random plans are not repaired.
	const plain = proposed === null ? undefined : plainOf(plans, proposed);
	const losses =
		plain === undefined
			? []
			: await randomLosses(random, variants[plans.indexOf(plain)], { meter, exhaustive });
	const beaten =
		plain === undefined || random.length === 0
			? null
			: losses.filter((loss) => loss > plain.report.loss).length / random.length;
	const firstPoint = variants.length;
	const firstOfAxes = firstPoint + points.length;
	const textOnly = textOnlyAt === null ? undefined : plans[textOnlyAt];
	const found = {
		goal: request.goal,
		target,
		plans,
		random: {
			plans: random.map(({ sources }, at) => ({ sources, report: losses[at] })),
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
		...(tasks && {
			tasks: await askedTasks(tasks, untasked === chosenAt ? null : untasked, plans)
		}),
		...(chosenAt !== null && {
			axes: axisWinners(axes, {
				byWindow: byWindow.slice(firstOfAxes),
				recall: recalled && recalled.slice(firstOfAxes),
				limit,
				interval: (deltas) => meter.interval('report', deltas)
			}),
			ties: tiesOf(plans, candidates, chosenAt, recall === null ? null : limit),
			...(stability && { stability })
		}),
		...(race && { race })
	};
	return {
		report: {
			verdict: verdictOf(found, proposed),
			...found,
			front: points.map(({ kind, sources, weight: by }, at) => ({
				kind,
				sources,
				savings: savedFractions(facts, sources, setting),
				sumOfParts: sumOfParts(sources, damage) ?? 0,
				report: reported[firstPoint + at],
				...(by !== 0 && { weight: by }),
				...(recalled && {
					recall: {
						sumOfParts: sumOfRecall(sources, damage),
						report: recalled[firstPoint + at]
					}
				}),
				...(dropsOnReport && { accuracy: { report: dropsOnReport[firstPoint + at] } })
			})),
			shortlist: shortlistOf(damage),
			importance: [...turned],
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

/** Reports on the user's questions; `without`: index of the plan that would have been chosen without their limit. */
async function askedTasks(
	tasks: AccuracyMeter,
	without: number | null,
	plans: readonly PlanFigures[]
): Promise<SearchedTasks> {
	const other = without === null ? undefined : plans[without];
	return {
		limit: tasks.limit,
		questions: { choose: tasks.count('choose'), report: tasks.count('report') },
		baseline: { choose: await tasks.baseline('choose'), report: await tasks.baseline('report') },
		interval: { choose: tasks.over('choose'), report: tasks.over('report') },
		without:
			other?.accuracy === undefined
				? null
				: {
						plan: other.name,
						sources: other.sources,
						report: other.report,
						drop: other.accuracy.report
					}
	};
}

async function baselines(
	{ parts, context, tokenizer }: PreparedSearch,
	documents: readonly Document[],
	meter: LossMeter
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
