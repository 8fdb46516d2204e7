import type { Reporter } from '../../telemetry/reporter.ts';
import type { WeightSource } from '../../engine/weights.ts';
import { modelFacts } from '../../model/checkpoint/facts.ts';
import { baselineFigures } from '../figures.ts';
import { savedPerLayer, savedShares } from '../../plan/axes.ts';
import { paretoFront, type MeasuredCosts } from '../../plan/front.ts';
import { randomPlans } from '../../plan/random.ts';
import type { Sources } from '../../plan/types.ts';
import type { Document } from '../../model/tokens/types.ts';
import { countsOf, isPlanners, variantOf, type Candidate } from './candidate.ts';
import { measureDamage, shortlistOf, type SearchDamage } from './damage.ts';
import { planFigures, savingsSetting, type About } from './figures.ts';
import { spreadFront } from './front.ts';
import { makePlans } from './makers.ts';
import type { Meter } from './meter.ts';
import type { OutputOf } from './outputs.ts';
import type { PreparedSearch } from './prepare.ts';
import { repairPlans, type Refit } from './repaired.ts';
import type { SearchSimilarity } from './similarity.ts';
import { axisOf, targetOf } from './target.ts';
import { PARTS, type Part, type PartLoss, type SearchReport, type SearchRequest } from './types.ts';
import { plainOf, verdictOf } from './verdict.ts';

/** What a search is made with. */
export interface SearchMeans {
	prepared: PreparedSearch;
	weights: WeightSource;
	similarity: SearchSimilarity;
	output: OutputOf;
	meter: Meter;
	reporter: Reporter;
	/** Told after each layer of each window under a plan. */
	onLayer: () => void;
}

const KINDS = ['share', 'drop', 'mixed'] as const;
/** Fixed, so that the same search always meets the same random plans. */
const SEED = 0x5eed;

/**
 * The steps of a search, in the order that keeps the report part unseen: damage, plans and repairs on search and
 * choose; the choice, the front and the random plans; and then, once, all of them on report.
 */
export async function searchWith(
	request: SearchRequest,
	means: SearchMeans,
	about: About
): Promise<{ report: SearchReport; refits: Refit[] }> {
	const { prepared, similarity, output, meter } = means;
	const { checkpoint, limits, layout, parts } = prepared;
	const { layers } = layout;
	const notes: string[] = [];
	const facts = modelFacts(checkpoint);
	const setting = savingsSetting(prepared);
	const perLayer = savedPerLayer(facts, setting, axisOf(request.goal));

	const damage = await measureDamage(prepared, meter, output, request.shortlist);
	const costs = costsOf(damage);
	const front = (share: boolean, drop: boolean) =>
		paretoFront(costs, perLayer, limits, { share, drop });
	const fronts = { share: front(true, false), drop: front(false, true), mixed: front(true, true) };
	const target = await targetOf(
		request.goal,
		{ savedByFollower: perLayer.share, front: fronts.mixed },
		meter
	);
	const saved = (sources: Sources) => savedShares(facts, sources, setting)[target.axis];
	const measure = async (base: Sources, plans: readonly Sources[]) => {
		const variants = plans.map((sources) => ({ sources }));
		const added = await meter.added('search', variants, { sources: base });
		return added.map(({ loss }) => loss);
	};
	const makings = { layers, limits, target, saved, fronts, similarity, measure };
	const made = target.share > 0 ? await makePlans(makings, (text) => notes.push(text)) : [];
	const repaired = request.repair ? await repairPlans(made, means) : [];
	const candidates: Candidate[] = [
		...made.map((plan) => ({ ...plan, repair: null })),
		...repaired.map(({ candidate }) => candidate)
	];
	const variants = candidates.map(variantOf);
	const onSearch = await meter.added('search', variants);
	const onChoose = await meter.added('choose', variants);
	const chosen = chosenOf(candidates, onChoose);

	const points = KINDS.flatMap((kind) =>
		spreadFront(fronts[kind]).map(({ sources, cost }) => ({ kind, sources, cost }))
	);
	const pointsOnChoose = await meter.added('choose', points);
	const random =
		chosen === null
			? []
			: randomPlans(request.randomPlans, countsOf(chosen.sources), limits, layers, SEED).map(
					(sources) => ({ sources })
				);

	// Everything is frozen. Only now, and only here, is the report part read.
	const reported = await meter.added('report', [...variants, ...points, ...random]);
	const pointsReported = reported.slice(variants.length, variants.length + points.length);
	const randomReported = reported.slice(variants.length + points.length);

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
			figuresOf
		)
	);
	const best = chosen === null ? null : plans[candidates.indexOf(chosen)];
	const randomLosses = randomReported.map(({ loss }) => loss);
	// Like with like: random plans are not repaired.
	const plain = best === null ? undefined : plainOf(plans, best);
	const beaten =
		plain === undefined || random.length === 0
			? null
			: randomLosses.filter((loss) => loss > plain.report.loss).length / random.length;
	const measured = {
		goal: request.goal,
		target,
		plans,
		random: {
			plans: random.map(({ sources }, at) => ({ sources, report: randomLosses[at] })),
			beaten
		}
	};
	return {
		report: {
			verdict: verdictOf(measured, best),
			...measured,
			front: points.map(({ kind, sources, cost }, at) => ({
				kind,
				sources,
				savings: savedShares(facts, sources, setting),
				sumOfParts: cost,
				choose: pointsOnChoose[at],
				report: pointsReported[at]
			})),
			shortlist: shortlistOf(damage),
			baseline,
			interval: ofParts((part) => meter.draws[part]?.over ?? null),
			parts: ofParts((part) => ({
				windows: parts[part].length,
				documents: [...new Set(parts[part].map(({ document }) => document))]
			})),
			notes
		},
		refits: repaired.map(({ refit }) => refit)
	};
}

function costsOf({ drop, spans }: SearchDamage): MeasuredCosts {
	const measured = new Map(spans.map((span) => [`${span.source} ${span.last}`, span.measured]));
	return { drop, span: (source, last) => measured.get(`${source} ${last}`) ?? null };
}

/** The planners' plan that adds the least loss on the choose part; null: they have none. */
function chosenOf(candidates: readonly Candidate[], onChoose: readonly PartLoss[]) {
	return candidates.reduce<Candidate | null>((best, candidate, at) => {
		if (!isPlanners(candidate)) return best;
		if (best === null) return candidate;
		return onChoose[at].loss < onChoose[candidates.indexOf(best)].loss ? candidate : best;
	}, null);
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

function ofParts<Value>(of: (part: Part) => Value): Record<Part, Value> {
	const [search, choose, report] = PARTS.map(of);
	return { search, choose, report };
}
