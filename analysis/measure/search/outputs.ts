import type { Plans } from '../../engine/plans.ts';
import type { Reporter } from '../../telemetry/reporter.ts';
import { identity } from './variant.ts';
import type { PreparedSearch } from './prepare.ts';

/** Figures of the attention blocks' outputs on the search part. */
export interface Outputs {
	output: OutputOf;
	/** [L]: how much a layer's attention turns the state; see `Plans.turned`. */
	turned: number[];
}

/** `output` of a pair; null where the follower's attention block puts out nothing. */
export type OutputOf = (source: number, follower: number) => number | null;

const STAGE = 'outputs';

/** `output` of every pair that a span may have, over all windows of the search part. */
export async function measureOutputs(
	{ parts, spans, layout }: Pick<PreparedSearch, 'parts' | 'spans' | 'layout'>,
	plans: Pick<Plans, 'outputErrors' | 'turned'>,
	reporter: Reporter
): Promise<Outputs> {
	const onWork = (work: number, window: number, layer: number | null) =>
		layer === null
			? reporter.add(work, STAGE, window)
			: reporter.addLayer(work, STAGE, window, layer);
	const pairs = spans.map(({ source, last }) => ({ source, follower: last }));
	const errors = await plans.outputErrors(pairs, parts.search, onWork);
	const found = new Map<string, number | null>();
	for (const [at, { source, follower }] of pairs.entries()) {
		const sum = (part: 'missing' | 'own') =>
			errors[at].reduce((total, error) => total + error[part], 0);
		const own = sum('own');
		const output = own > 0 ? 1 - Math.sqrt(sum('missing') / own) : null;
		found.set(`${source} ${follower}`, output);
	}
	const { sources } = identity(layout.layers);
	return {
		output: (source, follower) => found.get(`${source} ${follower}`) ?? null,
		turned: await plans.turned(sources, parts.search, onWork)
	};
}
