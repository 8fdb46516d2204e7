import { quoted } from '../analysis/edge/quote.ts';
import type { Damage, DamageReport, LossAdded } from '../analysis/measure/damage/types.ts';
import { shortHash } from '../analysis/text/hash.ts';
import { intervalLabel, intervalText } from '../analysis/text/interval.ts';
import { formatValue } from '../analysis/text/number.ts';
import { formatTable, type Column } from './table.ts';

const DIGITS = 4;
/** Rows of a table: the least damaging ones are those one looks for. */
const MOST_ROWS = 12;

/** A damage map for a person: the least damaging spans and drops. */
export function damageText({ report, drops, model, texts, context, windows }: Damage): string {
	const { baseline, spans, interval } = report;
	const names = texts.map(({ name }) => quoted(name)).join(', ');
	const label = intervalLabel(interval);
	const measured: Column<LossAdded>[] = [
		{ title: 'loss increase', value: ({ loss }) => formatValue(loss, DIGITS), align: 'right' },
		{
			title: `[${label}]`,
			value: (ends) => intervalText(ends, (value) => formatValue(value, DIGITS))
		}
	];
	return [
		`${quoted(model.name)} (${shortHash(model.hash)}), measured on ${baseline.tokens} predicted tokens (${windows} × ${context}) of ${names}\n`,
		`baseline loss ${formatValue(baseline.loss, DIGITS)} nats/token; increases in nats/token:\n\n`,
		formatTable(leastDamaging(spans), [
			{ title: 'span shared', value: ({ source, last }) => `${source}–${last}` },
			...measured
		]),
		'\n',
		formatTable(leastDamaging(drops), [
			{ title: 'layer dropped', value: ({ layer }) => layer },
			...measured
		]),
		...recallTable(report)
	].join('');
}

/** The layers whose attention carries recall: those that cost it most when dropped. */
function recallTable({ recall }: DamageReport): string[] {
	if (recall === undefined) return ['\nrecall: not measured\n'];
	const { baseline, drop, interval, windows } = recall;
	const rows = drop
		.map((damage, layer) => ({ layer, ...damage }))
		.sort((a, b) => Number(b.loss) - Number(a.loss))
		.slice(0, MOST_ROWS);
	return [
		`\nrecall of the baseline: ${formatValue(baseline, DIGITS)} nats/token on a repeated passage (${windows} probes); the layers that carry it:\n\n`,
		formatTable(rows, [
			{ title: 'layer dropped', value: ({ layer }) => layer },
			{ title: 'recall increase', value: ({ loss }) => formatValue(loss, DIGITS), align: 'right' },
			{
				title: `[${intervalLabel(interval)}]`,
				value: (ends) => intervalText(ends, (value) => formatValue(value, DIGITS))
			}
		])
	];
}

function leastDamaging<Row extends LossAdded>(rows: readonly Row[]): Row[] {
	return rows
		.filter(({ loss }) => loss !== null)
		.sort((a, b) => Number(a.loss) - Number(b.loss))
		.slice(0, MOST_ROWS);
}
