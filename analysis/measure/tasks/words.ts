import { intervalText } from '../../text/interval.ts';
import {
	formatDiscordant,
	formatPercent,
	formatProbability,
	formatSigned,
	formatValue
} from '../../text/number.ts';
import type { PairedTask } from './types.ts';

/** A mean of a metric: right and wrong are percentages, other metrics are numbers. */
export function taskValue({ mcnemar }: PairedTask, value: number): string {
	return mcnemar === null ? formatValue(value, 4) : formatPercent(value);
}

/** "acc", "exact_match, strict-match" */
export function metricWords({ metric, filter }: PairedTask): string {
	return filter === 'none' ? metric : `${metric}, ${filter}`;
}

/** B − A with its interval: "−2.0% [−4.1%, 0.1%]" */
export function differenceWords(row: PairedTask): string {
	const signed = (value: number) => formatSigned(value, (each) => taskValue(row, each));
	return `${signed(row.delta.value)} ${intervalText(row.delta, signed)}`.trimEnd();
}

/** Questions that A alone : B alone has right, and p of McNemar's exact test: "12 : 32, 0.0037" */
export function discordantWords({ mcnemar }: PairedTask): string {
	if (mcnemar === null) return '–';
	return formatDiscordant(mcnemar.onlyA, mcnemar.onlyB, mcnemar.p);
}

/** "hellaswag acc −2.1% [−3.0%, −1.2%], p 0.0031" */
export function rowWords(row: PairedTask): string {
	const p = row.mcnemar === null ? '' : `, p ${formatProbability(row.mcnemar.p)}`;
	return `${row.task} ${row.metric} ${differenceWords(row)}${p}`;
}
