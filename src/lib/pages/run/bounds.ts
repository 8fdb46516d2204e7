import type { RunRecord } from '$analysis/workspace/run/types.ts';
import { defaultUrl } from '../../state/defaultUrl.ts';
import type { RunBounds } from '../../state/url.ts';
import { TABS } from '../../tabs/tabs.svelte.ts';

/** Returns the bounds of a run's address: what was measured, its sizes, and the tabs with all that they open. */
export function runBounds(run: RunRecord): RunBounds {
	return {
		metrics: run.metrics,
		views: run.views,
		layers: run.model.layers,
		heads: run.model.heads,
		windows: run.windows.length,
		tabs: TABS.map(({ value }) => value),
		opens: TABS.flatMap(({ opens }) => opens),
		defaults: defaultUrl(run)
	};
}
