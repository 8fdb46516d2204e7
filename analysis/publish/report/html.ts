import { printable } from '../../edge/quote.ts';

/** Markup that may stand in a page as it is: only `html` and `trusted` make it. */
export class Html {
	readonly text: string;
	constructor(text: string) {
		this.text = text;
	}
}

/** Content between markup: text is escaped, markup is not; null is nothing. */
export type Part = Html | string | number | null | readonly Part[];

/** Markup from a template; every text put into it is escaped, in elements and in quoted attributes alike. */
export function html(markup: TemplateStringsArray, ...parts: readonly Part[]): Html {
	return new Html(
		markup.map((piece, at) => piece + (at < parts.length ? partText(parts[at]) : '')).join('')
	);
}

/** Markup of our own making, such as a drawing. Nothing that comes from outside passes through here. */
export function trusted(markup: string): Html {
	return new Html(markup);
}

/** A sentence whose intervals, such as "[0.1, 0.2]", stay on one line. */
export function unbrokenIntervals(sentence: string): string {
	return sentence.replace(/\[[^\]]{1,40}\]/g, (interval) => interval.replaceAll(' ', '\u00a0'));
}

/** A value as an expression of JavaScript that is safe inside a script element. */
export function scriptValue(value: unknown): string {
	return JSON.stringify(value)
		.replaceAll('<', '\\u003c')
		.replaceAll('>', '\\u003e')
		.replaceAll('&', '\\u0026')
		.replaceAll('\u2028', '\\u2028')
		.replaceAll('\u2029', '\\u2029');
}

function partText(part: Part): string {
	if (part === null) return '';
	if (part instanceof Html) return part.text;
	if (typeof part === 'object') return part.map(partText).join('');
	return escaped(printable(String(part)));
}

/** Text that is safe in elements and in quoted attributes. */
export function escaped(text: string): string {
	return text
		.replaceAll('&', '&amp;')
		.replaceAll('<', '&lt;')
		.replaceAll('>', '&gt;')
		.replaceAll('"', '&quot;')
		.replaceAll("'", '&#39;');
}
