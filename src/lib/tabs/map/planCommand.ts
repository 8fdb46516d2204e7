import { planFileName } from '../../controls/save.ts';
import type { RunUrl } from '../../state/url.ts';

/**
 * The command that makes the plan on the screen, in a file of the name that the page exports it under; null for one
 * drawn by hand, which none makes.
 */
export function planCommand(run: string, model: string, url: RunUrl): string | null {
	const { plan, metric, view, maxSpan, protectedLayers } = url;
	if (plan.by === 'hand') return null;
	const wanted =
		plan.by === 'threshold'
			? `--min-similarity ${plan.threshold}`
			: `--followers ${plan.followers}`;
	return [
		`spanwise plan ${run} ${wanted}`,
		`--metric ${metric} --view ${view} --max-span ${maxSpan}`,
		`--protect ${protectedLayers.length === 0 ? 'none' : protectedLayers.join(',')}`,
		`--out ${planFileName(model)}`
	].join(' ');
}
