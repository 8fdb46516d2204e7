import { quoted } from '../analysis/edge/quote.ts';
import type { Damage, LossAdded } from '../analysis/measure/damage/types.ts';
import { shortHash } from '../analysis/plan/planFile.ts';
import { formatValue } from '../analysis/text/number.ts';
import { formatTable, type Column } from './table.ts';

const DIGITS = 4;
/** Rows of a table: the least damaging ones are those one looks for. */
const MOST_ROWS = 12;
const LABELS = {
	documents: '95 % over documents and their windows',
	blocks: '95 % over blocks of windows: this text only'
} as const;

/** A damage map for a person: the least damaging spans and drops. */
export function damageText({ report, drops, model, texts, context, windows }: Damage): string {
	const { baseline, spans, interval } = report;
	const names = texts.map(({ name }) => quoted(name)).join(', ');
	const label = interval === null ? 'no interval: a single window' : LABELS[interval];
	const measured: Column<LossAdded>[] = [
		{ title: 'loss added', value: ({ loss }) => formatValue(loss, DIGITS), align: 'right' },
		{
			title: `[${label}]`,
			value: ({ low, high }) =>
				interval === null ? '' : `[${formatValue(low, DIGITS)}, ${formatValue(high, DIGITS)}]`
		}
	];
	return [
		`${quoted(model.name)} (${shortHash(model.hash)}), measured on ${baseline.tokens} predicted tokens (${windows} × ${context}) of ${names}\n`,
		`loss of the model as it is: ${formatValue(baseline.loss, DIGITS)} nats a token; what is added to it:\n\n`,
		formatTable(leastDamaging(spans), [
			{ title: 'span shared', value: ({ source, last }) => `${source}–${last}` },
			...measured
		]),
		'\n',
		formatTable(leastDamaging(drops), [
			{ title: 'layer dropped', value: ({ layer }) => layer },
			...measured
		])
	].join('');
}

function leastDamaging<Row extends LossAdded>(rows: readonly Row[]): Row[] {
	return rows
		.filter(({ loss }) => loss !== null)
		.sort((a, b) => Number(a.loss) - Number(b.loss))
		.slice(0, MOST_ROWS);
}
