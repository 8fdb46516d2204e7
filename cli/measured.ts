import { quoted } from '../analysis/edge/quote.ts';
import { InputError } from '../analysis/errors.ts';
import { shortHash } from '../analysis/text/hash.ts';
import type { RunRecord } from '../analysis/workspace/run/types.ts';
import type { Metric, View } from '../analysis/similarity/types.ts';

/** Throws InputError naming what the run has, where it did not measure the metric or the view. */
export function checkMeasured(record: RunRecord, metric: Metric, view: View): void {
	const { id, metrics, views } = record;
	if (!metrics.includes(metric)) {
		throw new InputError(
			`metric ${metric}: not measured in run ${id}; it has ${metrics.join(', ')}`
		);
	}
	if (!views.includes(view)) {
		throw new InputError(`view ${view}: not measured in run ${id}; it has ${views.join(', ')}`);
	}
}

/** One line over a table: what was measured, on what. */
export function measuredWords(record: RunRecord, metric: Metric, view: View): string {
	const { model, tokens, windows, context, texts, jsRows } = record;
	const names = texts.map(({ name }) => quoted(name)).join(', ');
	const sampled = metric === 'js' && jsRows !== 'all' ? `, ${jsRows} queries per window` : '';
	return (
		`${quoted(model.name)} (${shortHash(model.hash)}) · ${metric}, view ${view}, measured on ${tokens} tokens ` +
		`(${windows.length} × ${context}${sampled}) of ${names}`
	);
}
