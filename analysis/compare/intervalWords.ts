import type { Interval } from '../statistics/resample.ts';
import { formatValue } from '../text/number.ts';

/** "0.634 [0.630, 0.640]"; the value alone where there is no interval. */
export function intervalText({ value, low, high }: Interval, measured = true, digits = 3): string {
	if (!measured) return formatValue(value, digits);
	return `${formatValue(value, digits)} [${formatValue(low, digits)}, ${formatValue(high, digits)}]`;
}

/** "4–7": the layers of a span, source first. */
export function layersText({
	source,
	followers
}: {
	source: number;
	followers: readonly number[];
}) {
	return `${source}–${followers.at(-1) ?? source}`;
}

/** A number and its %, and both ends of a range, stay on one line. */
export function unbroken(sentence: string): string {
	return sentence.replaceAll(' %', '\u00a0%').replace(/(?<=\d)–(?=\d)/g, '\u2060–\u2060');
}
