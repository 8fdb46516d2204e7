/** Widths that papers print figures at, points: one column, and both with the gap between them. */
export const WIDTHS = { single: 234, double: 486 } as const;
export type WidthName = keyof typeof WIDTHS;

/** Colours: the page's own, or such that order by lightness and survive a grey print. */
export const COLOURS = ['light', 'grey-safe'] as const;
export type Colours = (typeof COLOURS)[number];

/** Width, colours and parts of a figure on paper. */
export interface Style {
	/** Points (1/72 inch). */
	width: number;
	colours: Colours;
	/** True if the title is drawn; likewise caption, spans and colour bar. */
	title: boolean;
	caption: boolean;
	spans: boolean;
	colourBar: boolean;
	/** Names of the panels that are left out, of a figure of several. */
	without: readonly string[];
	/** True if maps side by side have a scale each, in place of one for all. */
	ownScales: boolean;
}

/** A single column with everything on it. */
export const SINGLE: Style = {
	width: WIDTHS.single,
	colours: 'light',
	title: true,
	caption: true,
	spans: true,
	colourBar: true,
	without: [],
	ownScales: false
};

/** "3.25 in" */
export function inches(width: number): string {
	return `${Number((width / 72).toFixed(2))} in`;
}

/** The panels of a figure that a style draws; all of them where it would leave none. */
export function wanted<Panel extends { title: string }>(
	panels: readonly Panel[],
	{ without }: Style
): readonly Panel[] {
	const left = panels.filter(({ title }) => !without.includes(title));
	return left.length === 0 ? panels : left;
}
