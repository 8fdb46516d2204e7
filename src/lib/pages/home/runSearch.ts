import type { Value } from '$analysis/measure/overview/rows.ts';
import type { Label } from '$analysis/workspace/labels/label.ts';
import type { RunRecord } from '$analysis/workspace/run/types.ts';

/** Names of the columns that runs can be searched by. */
export const RUN_COLUMNS = [
	...['model', 'name', 'tags', 'note', 'pinned', 'texts', 'layers', 'context', 'windows', 'tokens'],
	...['loss', 'recall', 'architecture', 'metrics', 'created', 'id', 'hash']
] as const;

/** A run as a row that a line of search is about. */
export function runValues(run: RunRecord, label: Label): Record<string, Value> {
	const { model, texts, context, windows, tokens, loss, recall, metrics, createdAt, id } = run;
	return {
		...{ model: model.name, name: label.name, tags: label.tags.join(' '), note: label.note },
		...{ pinned: label.pinned ? 'yes' : null, texts: texts.map(({ name }) => name).join(', ') },
		...{ layers: model.layers, context, windows: windows.length, tokens, loss },
		...{ recall: recall?.loss ?? null, architecture: model.architecture },
		...{ metrics: metrics.join(' '), created: createdAt, id, hash: model.hash }
	};
}
