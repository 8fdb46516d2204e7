import type { Paint } from './marks.ts';
import type { Colours } from './style.ts';

/** The page's custom properties on paper, whatever the theme on the screen. */
const LIGHT: Readonly<Record<string, string>> = {
	'--ink': '#1a1f24',
	'--ink-2': '#555d66',
	'--ink-3': '#3a424a',
	'--line': '#dfe2e5',
	'--line-strong': '#858d97',
	'--missing': '#e4e6e9',
	'--panel': '#ffffff',
	'--mark': '#c43a08',
	'--span': '#c43a08',
	'--bad': '#b4530a',
	'--good': '#237a57',
	'--accent': '#1f5fa8',
	'--accent-soft': '#d5e2f1',
	'--series-1': '#1f5fa8',
	'--series-2': '#b4530a',
	'--series-3': '#237a57',
	'--series-4': '#7d3c98',
	'--series-5': '#6b4a2b',
	'--series-6': '#9c1f5f'
};

/** The same with lightness apart: series are taken from cividis, marks are black. */
const GREY_SAFE: Readonly<Record<string, string>> = {
	...LIGHT,
	'--mark': '#000000',
	'--span': '#000000',
	'--bad': '#00224e',
	'--good': '#8f8a6a',
	'--accent': '#35456c',
	'--series-1': '#00224e',
	'--series-2': '#a59c74',
	'--series-3': '#575c6d',
	'--series-4': '#cfb94f',
	'--series-5': '#3b496c',
	'--series-6': '#7d7c78'
};

/** A colour of the page as it is on paper. Throws RangeError where paper has none. */
export function onPaper(paint: Paint, colours: Colours): string {
	const name = /^var\((--[\w-]+)\)$/.exec(paint)?.[1];
	if (name === undefined) return paint;
	const paints = colours === 'light' ? LIGHT : GREY_SAFE;
	if (!Object.hasOwn(paints, name)) throw new RangeError(`figure: ${name} has no colour on paper`);
	return paints[name];
}
