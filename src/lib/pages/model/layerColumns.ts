import type { PlanCheck, PlannedLayer } from '$analysis/engine/checkPlan.ts';
import type { LayerReport } from '$analysis/model/onnx/report.ts';
import { formatWhole } from '$analysis/text/number.ts';
import type { Column } from '../../table/view.ts';
import { plannedLayerWords } from '$analysis/text/plan.ts';

/** A layer beside what a plan has it do; null: none was checked, or it is for another number of layers. */
export type LayerRow = LayerReport & { planned: PlannedLayer | null };

export function layerRows(
	layers: readonly LayerReport[],
	check: Pick<PlanCheck, 'layers'> | null
): LayerRow[] {
	const planned = check?.layers.length === layers.length ? check.layers : null;
	return layers.map((layer, at) => ({ ...layer, planned: planned?.[at] ?? null }));
}

/** Columns of the layers' table; the plan's only where one was checked. */
export function layerColumns(rows: readonly LayerRow[]): Column<LayerRow>[] {
	return rows.some(({ planned }) => planned !== null) ? [...COLUMNS, PLAN] : COLUMNS;
}

const COLUMNS: Column<LayerRow>[] = [
	{ key: 'layer', title: 'Layer', align: 'right', value: ({ layer }) => layer },
	{ key: 'node', title: 'Node', about: 'Where its attention is', value: ({ node }) => node },
	{ key: 'form', title: 'Form', value: ({ form }) => form },
	{
		key: 'heads',
		title: 'Heads (kv)',
		about: 'Attention heads (KV heads)',
		value: ({ heads }) => heads,
		format: (_, { heads, kvHeads }) => `${heads ?? '?'} (${kvHeads ?? '?'})`
	},
	{
		key: 'reach',
		title: 'Reach',
		about: 'Tokens that a query sees; all: every one before it',
		value: ({ reach }) => reach,
		format: (value) => (typeof value === 'number' ? formatWhole(value) : 'all')
	},
	{
		key: 'probabilities',
		title: 'Probabilities',
		about: 'Where its attention probabilities come from, or why they are not available',
		value: ({ probabilities: { available, how } }) => (available ? how : `none: ${how}`)
	},
	{
		key: 'shareable',
		title: 'Can follow',
		about: "Whether it can reuse another layer's attention, and what it then loses",
		value: ({ shareable: { possible, why } }) => `${possible ? 'yes' : 'no'}: ${why}`
	}
];

const PLAN: Column<LayerRow> = {
	key: 'plan',
	title: 'Plan',
	about: 'What the plan has it do',
	value: ({ planned }) => (planned === null ? null : plannedLayerWords(planned))
};
