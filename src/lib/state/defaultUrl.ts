import { SAVINGS_DEFAULTS } from '$analysis/plan/savings.ts';
import { startingRule } from '$analysis/plan/starting.ts';
import type { RunRecord } from '$analysis/workspace/run/types.ts';
import { isOnnxModel } from '../client/modelPath.ts';
import type { RunUrl } from './url.ts';

/** Returns the state of the page for a run just opened: a quarter of the layers follow, if the limits allow. */
export function defaultUrl(run: RunRecord): RunUrl {
	const { maxPositions, reach } = run.model;
	const { followers, limits } = startingRule(reach);
	return {
		tab: 'map',
		open: {},
		map: 'similarity',
		metric: run.metrics[0],
		view: run.views[0],
		show: 'similarity',
		range: null,
		cell: null,
		heads: null,
		window: 0,
		plan: { by: 'followers', followers },
		origin: null,
		maxSpan: limits.maxSpan,
		protectedLayers: [...limits.protectedLayers],
		context: Math.min(SAVINGS_DEFAULTS.context, maxPositions),
		batch: SAVINGS_DEFAULTS.batch,
		// Such a graph is run as it is stored.
		dtype: isOnnxModel(run.model) && run.model.dtype === 'float32' ? 'f32' : SAVINGS_DEFAULTS.dtype
	};
}
