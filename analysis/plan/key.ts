import type { Plan } from './types.ts';

/** A text that is equal for plans that compute the same: the same sources, head maps and refitted weights. */
export function planKey({
	sources,
	spans,
	repair
}: Pick<Plan, 'sources' | 'spans' | 'repair'>): string {
	const mapped = spans.flatMap(({ source, headMap }) =>
		headMap === 'identity' ? [] : [[source, headMap]]
	);
	return JSON.stringify([sources, mapped, repair?.sha256 ?? null]);
}
