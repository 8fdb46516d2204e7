import { isInputError } from '../../errors.ts';
import { similarityMatrix } from '../../similarity/measure.ts';
import { formatValue } from '../../text/number.ts';
import { planCounts, planWords } from '../../text/plan.ts';
import type { Sources } from '../../plan/types.ts';
import { readLabels } from '../../workspace/labels/files.ts';
import { listRuns } from '../../workspace/run/list.ts';
import { readSums } from '../../workspace/run/read.ts';
import { resultKindOf } from '../lookup.ts';
import { listResults, readResult } from '../results/folder.ts';
import { fromFigures } from '../results/fromFigures.ts';
import { figuresOf, planOf } from '../results/result.ts';
import { labelColumns, type LabelColumns } from './labels.ts';
import type { StoredResult } from '../results/types.ts';

/** A value of a row; null where there is none. */
export type Value = string | number | null;

/** A run or a stored measurement. */
export interface MeasurementRow extends LabelColumns {
	model: string;
	kind: string;
	id: string;
	created: string;
	texts: string;
	/** Tokens; null where questions were asked instead of windows read. */
	context: number | null;
	windows: number;
	/** Its figures in a sentence. */
	result: string;
}

/** A change of a model whose loss increase was measured: a plan, a span, a dropped layer. */
export interface ChangeRow extends LabelColumns {
	/** Joins the row with the pairs of layers that it is made of. */
	key: string;
	model: string;
	/** Hash of the model. */
	hash: string;
	/** The change in words. */
	change: string;
	/** Nats/token, with the ends of its 95% interval. */
	loss: number;
	low: number | null;
	high: number | null;
	/** Kind and id of the result that measured it. */
	kind: string;
	id: string;
}

/** A plan as measured on held-out text: by an evaluation, a search, a tuning. */
export interface PlanRow extends ChangeRow {
	/** Name among the plans of its result, such as a search gives; null: there are no others. */
	name: string | null;
	/** "3 followers, 1 dropped" */
	counts: string;
	/** Fraction of the KV cache that is saved; predicted. */
	saved: number | null;
}

/** A follower and its source, of the change with a key. */
export interface PairRow {
	key: string;
	hash: string;
	source: number;
	follower: number;
}

/** Similarity of two layers' attention: `cosine`, view `all`, by the model's newest run that has it. */
export interface SimilarityRow {
	hash: string;
	source: number;
	follower: number;
	similarity: number;
}

/** All that a workspace holds, as the rows that tables are made of. */
export interface WorkspaceRows {
	measurements: MeasurementRow[];
	plans: PlanRow[];
	/** Spans and dropped layers of damage maps, each by itself. */
	spans: ChangeRow[];
	pairs: PairRow[];
	similarity: SimilarityRow[];
}

/** Reads runs and results of a workspace, newest first; what cannot be read is in no row. */
export async function workspaceRows(home: string): Promise<WorkspaceRows> {
	const rows: WorkspaceRows = { measurements: [], plans: [], spans: [], pairs: [], similarity: [] };
	const seen = new Set<string>();
	const { labels } = await readLabels(home);
	for (const { id, folder, record } of await listRuns(home)) {
		if (record === null) continue;
		const { model, texts, createdAt, context, windows, loss } = record;
		rows.measurements.push({
			model: model.name,
			kind: 'analyze',
			id,
			created: createdAt,
			texts: texts.map(({ name }) => name).join(', '),
			context,
			windows: windows.length,
			result: `loss ${formatValue(loss)} nats/token`,
			...labelColumns(labels.runs[id])
		});
		const { hash, layers } = model;
		if (seen.has(hash) || !record.metrics.includes('cosine') || !record.views.includes('all'))
			continue;
		seen.add(hash);
		const matrix = similarityMatrix(await readSums(folder, record, 'all'), 'cosine');
		for (let follower = 1; follower < layers; follower++)
			for (let source = 0; source < follower; source++)
				rows.similarity.push({
					hash,
					source,
					follower,
					similarity: matrix[source * layers + follower]
				});
	}
	for (const { summary } of await listResults(home)) {
		if (summary === null) continue;
		const { id, kind, createdAt, model, texts, context, windows, words } = summary;
		rows.measurements.push({
			model: model.name,
			kind,
			id,
			created: createdAt,
			texts: texts.join(', '),
			context: context === 0 ? null : context,
			windows,
			result: words,
			...labelColumns(labels.results[id])
		});
		const stored = await readResult(home, id);
		try {
			fromFigures(id, () => addChanges(rows, stored, labelColumns(labels.results[id])));
		} catch (error) {
			// What its figures do not say, as those of another version may not, is in no row.
			if (!isInputError(error)) throw error;
		}
	}
	rows.measurements.sort((a, b) => (a.created < b.created ? 1 : a.created > b.created ? -1 : 0));
	return rows;
}

/** Adds the plans, spans and dropped layers that a result measured, each with its pairs of layers. */
function addChanges(
	rows: WorkspaceRows,
	{ id, model, result }: StoredResult,
	called: LabelColumns
): void {
	const { kind } = result;
	const measured = resultKindOf(kind).changes?.(figuresOf(result), planOf(result));
	const about = { model: model.name, hash: model.hash, kind, id, ...called };
	const key = () => `${id} ${rows.plans.length + rows.spans.length}`;
	const addPairs = (of: string, pairs: readonly Pick<PairRow, 'source' | 'follower'>[]) =>
		rows.pairs.push(...pairs.map((pair) => ({ key: of, hash: model.hash, ...pair })));
	for (const { sources, repaired, ...figures } of measured?.plans ?? []) {
		const of = key();
		const change = `${planWords(sources)}${repaired ? ', repaired' : ''}`;
		rows.plans.push({ key: of, ...about, change, counts: planCounts(sources), ...figures });
		addPairs(of, pairsOf(sources));
	}
	for (const { pairs, ...figures } of measured?.cases ?? []) {
		const of = key();
		rows.spans.push({ key: of, ...about, ...figures });
		addPairs(of, pairs);
	}
}

function pairsOf(sources: Sources): Pick<PairRow, 'source' | 'follower'>[] {
	return sources.flatMap((source, follower) =>
		source === null || source === follower ? [] : [{ source, follower }]
	);
}
