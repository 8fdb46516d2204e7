import { formatSigned, formatValue } from './number.ts';

/** Ends of an interval; null where there is none. */
export interface Ends {
	low: number | null;
	high: number | null;
}

type Format = (value: number) => string;

/** Unit that was resampled for an interval; null: there is no interval. */
export type Over = 'documents' | 'blocks' | null;

/** Returns the heading of a column of 95% intervals of losses, which names the unit that was resampled. */
export function intervalLabel(over: Over): string {
	return {
		documents: '95% CI over documents and their windows',
		blocks: '95% CI over blocks of windows of one document',
		none: 'no interval: a single window'
	}[over ?? 'none'];
}

/** The same of intervals over questions. */
export function questionIntervalLabel(over: Over): string {
	return {
		documents: '95% CI over groups and their questions',
		blocks: '95% CI over blocks of questions',
		none: 'no interval'
	}[over ?? 'none'];
}

/** Describes the resampling of 95% intervals, as part of a sentence; those of one document say nothing about others. */
export function overWords(over: Exclude<Over, null>): string {
	return over === 'documents'
		? 'over documents, then windows'
		: 'over blocks of neighbouring windows; they say nothing about other texts';
}

/** "[0.630, 0.640]"; empty where there is no interval. */
export function intervalText(
	{ low, high }: Ends,
	format: Format = (value) => formatValue(value)
): string {
	return low === null || high === null ? '' : `[${format(low)}, ${format(high)}]`;
}

/** "0.634 [0.630, 0.640]"; the value alone where there is no interval. */
export function withInterval(
	value: number,
	ends: Ends,
	format: Format = (number) => formatValue(number)
): string {
	return `${format(value)} ${intervalText(ends, format)}`.trim();
}

/** A figure with its interval where one was drawn. */
export function figureText(
	{ value, ...ends }: Ends & { value: number },
	over: Over,
	digits = 3
): string {
	const format = (number: number) => formatValue(number, digits);
	return over === null ? format(value) : withInterval(value, ends, format);
}

/** A loss increase with its interval, all signed: "+0.219 [+0.180, +0.260]"; "–" where it was not measured. */
export function lossText({ loss, ...ends }: Ends & { loss: number | null }, digits = 3): string {
	const format = (value: number) => formatSigned(value, (number) => formatValue(number, digits));
	return loss === null ? formatSigned(loss) : withInterval(loss, ends, format);
}

/** The sentence with both ends of each range on one line. */
export function unbroken(sentence: string): string {
	return sentence.replace(/(?<=\d)–(?=\d)/g, '\u2060–\u2060');
}
