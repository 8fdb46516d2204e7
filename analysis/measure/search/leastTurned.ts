import type { Sources, SpanLimits } from '../../plan/types.ts';

/**
 * Drops, in one shot, the layers whose attention turns the state least (ties to the lower layer), as many as it takes: the
 * choice of LLM-Drop (He et al., arXiv 2406.15786). null: all do not reach it.
 */
export function leastTurnedPlan(
	turned: readonly number[],
	{ protectedLayers }: Pick<SpanLimits, 'protectedLayers'>,
	isEnough: (sources: Sources) => boolean
): Sources | null {
	const order = [...turned.keys()]
		.filter((layer) => !protectedLayers.includes(layer))
		.sort((a, b) => turned[a] - turned[b] || a - b);
	let sources: Sources = [...turned.keys()];
	for (const layer of order) {
		if (isEnough(sources)) return sources;
		sources = sources.with(layer, null);
	}
	return isEnough(sources) ? sources : null;
}

/** The same step by step: after each dropped layer the others are measured again, without it. */
export async function leastTurnedSteps(
	turned: readonly number[],
	limits: Pick<SpanLimits, 'protectedLayers'>,
	isEnough: (sources: Sources) => boolean,
	again: (sources: Sources) => Promise<readonly number[]>
): Promise<Sources | null> {
	let sources: Sources = [...turned.keys()];
	let now = turned;
	while (!isEnough(sources)) {
		const open = sources.flatMap((source, layer) =>
			source === null || limits.protectedLayers.includes(layer) ? [] : [layer]
		);
		if (open.length === 0) return null;
		const least = open.reduce((best, layer) => (now[layer] < now[best] ? layer : best));
		sources = sources.with(least, null);
		if (!isEnough(sources)) now = await again(sources);
	}
	return sources;
}
