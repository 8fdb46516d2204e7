import { InputError } from '../errors.ts';
import { DEFAULT_MAX_SPAN, defaultLimits } from '../plan/limits.ts';
import { mostFollowers, planByFollowers, planByThreshold } from '../plan/search.ts';
import { planSpans } from '../plan/spans.ts';
import type { ComparedPlan, ComparedSpans, DepthSpan, SpanChoice, SpanOverlap } from './types.ts';

/** Input of a search for spans: the similarity matrix [L, L] and the sliding window of each layer. */
export interface SpanInput {
	matrix: Float64Array;
	layers: number;
	slidingWindows: readonly (number | null)[];
}

/** A quarter of the layers of the shallowest model follow, where the user does not say. */
export function defaultChoice(layerCounts: readonly number[]): SpanChoice {
	return { by: 'followers', followers: Math.floor(Math.min(...layerCounts) / 4) };
}

/**
 * The spans of each run by the same rule, and how much of the depth they have in common. Where fewer
 * followers fit a model than were asked for, it gets as many as fit. Spans have at most 4 layers; first
 * and last layer are protected. Throws InputError for a threshold or number that is none.
 */
export function compareSpans(inputs: readonly SpanInput[], choice: SpanChoice): ComparedSpans {
	const plans = inputs.map((input) => planOf(input, choice));
	return {
		choice,
		maxSpan: DEFAULT_MAX_SPAN,
		plans,
		overlaps: plans.flatMap((plan, first) =>
			plans
				.slice(first + 1)
				.map((other, i) => spanOverlap(plan.spans, other.spans, first, first + 1 + i))
		)
	};
}

function planOf({ matrix, layers, slidingWindows }: SpanInput, choice: SpanChoice): ComparedPlan {
	const limits = defaultLimits(slidingWindows);
	let sources;
	let fewer = false;
	if (choice.by === 'similarity')
		sources = planByThreshold(matrix, layers, choice.minSimilarity, limits);
	else {
		if (!Number.isInteger(choice.followers) || choice.followers < 0)
			throw new InputError(`followers: ${choice.followers}; allowed: a whole number, 0 or more`);
		const followers = Math.min(choice.followers, mostFollowers(limits, layers));
		fewer = followers < choice.followers;
		sources = planByFollowers(matrix, layers, followers, limits);
	}
	const spans = planSpans(sources, matrix).map(({ source, followers, score }): DepthSpan => ({
		source,
		followers,
		from: source / layers,
		to: (source + followers.length + 1) / layers,
		score: score ?? NaN
	}));
	return {
		followers: spans.reduce((sum, { followers }) => sum + followers.length, 0),
		fewer,
		spans
	};
}

type Stretch = Pick<DepthSpan, 'from' | 'to'>;

/** Fractions of the depth that two lists of stretches take up together and between them. */
export function spanOverlap(
	a: readonly Stretch[],
	b: readonly Stretch[],
	first: number,
	second: number
): SpanOverlap {
	const taken = (spans: readonly Stretch[]) =>
		spans.reduce((sum, { from, to }) => sum + to - from, 0);
	const shared = overlapping(a, b).reduce((sum, { shared }) => sum + shared, 0);
	const either = taken(a) + taken(b) - shared;
	return { first, second, shared, either, share: either > 0 ? shared / either : null };
}

/** Every stretch of `a` with every one of `b` that it overlaps, and the depth they share. */
export function overlapping<A extends Stretch, B extends Stretch>(
	a: readonly A[],
	b: readonly B[]
): { a: A; b: B; shared: number }[] {
	return a.flatMap((one) =>
		b
			.map((other) => ({
				a: one,
				b: other,
				shared: Math.min(one.to, other.to) - Math.max(one.from, other.from)
			}))
			// Ends that only touch may overlap in the last bit.
			.filter(({ shared }) => shared > 1e-12)
	);
}
