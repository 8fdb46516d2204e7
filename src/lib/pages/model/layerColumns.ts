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

/** Layers that follow one another and differ in nothing but their number, which `node` has as "{layer}". */
export interface LayerGroup extends LayerRow {
	last: number;
}

/** Neighbouring layers of which all is the same, in one row each. */
export function layerGroups(rows: readonly LayerRow[]): LayerGroup[] {
	const groups: LayerGroup[] = [];
	for (const row of rows) {
		const group = groups.at(-1);
		const follows = group !== undefined && row.layer === group.last + 1;
		if (follows && sameBut(group, row))
			groups[groups.length - 1] = { ...group, node: numbered(group), last: row.layer };
		else groups.push({ ...row, last: row.layer });
	}
	return groups;
}

function sameBut(group: LayerGroup, row: LayerRow): boolean {
	const facts = (of: LayerRow) => [
		...[of.form, of.heads, of.kvHeads, of.reach, of.probabilities, of.shareable, numbered(of)],
		of.planned === null ? null : plannedLayerWords(of.planned)
	];
	return JSON.stringify(facts(group)) === JSON.stringify(facts(row));
}

/** "/layers.3/attn" of layer 3 → "/layers.{layer}/attn" */
function numbered({ node, layer }: LayerRow): string {
	return node.replace(new RegExp(`(?<!\\d)${layer}(?!\\d)`), '{layer}');
}

/** Columns of the layers' table; the plan's only where one was checked. */
export function layerColumns(rows: readonly LayerRow[]): Column<LayerGroup>[] {
	return rows.some(({ planned }) => planned !== null) ? [...COLUMNS, PLAN] : COLUMNS;
}

const COLUMNS: Column<LayerGroup>[] = [
	{
		key: 'layer',
		title: 'Layer',
		align: 'right',
		value: ({ layer }) => layer,
		format: (_, { layer, last }) => (last === layer ? `${layer}` : `${layer}–${last}`)
	},
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
		key: 'slidingWindow',
		title: 'Sliding window',
		about: 'Keys that a query sees at most; all: every one before it',
		value: ({ reach }) => reach,
		format: (value) => (typeof value === 'number' ? formatWhole(value) : 'none')
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

const PLAN: Column<LayerGroup> = {
	key: 'plan',
	title: 'Plan',
	about: 'What the plan has it do',
	value: ({ planned }) => (planned === null ? null : plannedLayerWords(planned))
};
