export const SHOWN = ['similarity', 'null', 'excess', 'width'] as const;

/** Quantity that the map shows of each pair; `width` is that of the interval. */
export type Shown = (typeof SHOWN)[number];

export const SHOWN_WORDS: Readonly<Record<Shown, string>> = {
	similarity: 'similarity',
	null: 'null',
	excess: 'excess over null',
	width: 'interval width'
};
