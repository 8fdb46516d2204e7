import { spansOf } from '../../analysis/plan/spans.ts';
import type { Sources } from '../../analysis/plan/types.ts';
import type { CaseLosses } from './damage.ts';

/** Loss of every made-up model on a passage that comes again, nats/token. A plan adds twice as much to it as to text. */
export const RECALL = 1;

/** What a made-up model loses. All results of a study take their losses from here, so that they agree. */
export interface Losses extends CaseLosses {
	/** Of the model itself, nats/token. */
	baseline: number;
	/** Adds up what the spans and dropped layers of a plan add by themselves. */
	sum: (sources: Sources) => number;
	/** Loss that a whole plan adds: a tenth more than the sum of its parts where there are several. */
	added: (sources: Sources) => number;
}

/**
 * Losses of a model whose layers are as similar as `matrix`, [L, L], says: a follower adds the more the less alike it
 * attends, and the less the deeper it is. Dropping a layer adds a little more than following the one before it.
 */
export function madeUpLosses(matrix: Float64Array, layers: number, baseline: number): Losses {
	const pair = (source: number, follower: number) =>
		(1 - matrix[source * layers + follower]) * (2 - follower / layers);
	const span = (source: number, last: number): number =>
		last === source ? 0 : pair(source, last) + span(source, last - 1);
	const drop = (layer: number) => (layer === 0 ? 0.5 : 0.01 + 1.2 * pair(layer - 1, layer));
	const parts = (sources: Sources) => [
		...sources.flatMap((source, layer) => (source === null ? [drop(layer)] : [])),
		...spansOf(sources).map(({ source, followers }) => span(source, source + followers.length))
	];
	const sum = (sources: Sources) => parts(sources).reduce((total, part) => total + part, 0);
	return {
		...{ baseline, pair, span, drop, sum },
		around: (loss) => ({ loss, low: loss - Math.abs(loss) / 5, high: loss + Math.abs(loss) / 5 }),
		added: (sources) => sum(sources) * (parts(sources).length > 1 ? 1.1 : 1)
	};
}
