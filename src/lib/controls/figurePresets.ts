import type { Figure } from '$analysis/figure/marks.ts';
import type { Style } from '$analysis/figure/style.ts';

/** Draws a figure in a style; what draws it may be loaded when asked for. */
export type DrawFigure = (style: Style) => Figure | Promise<Figure>;

/** A published figure that can be drawn again from a run. */
export interface PublishedFigure {
	id: string;
	label: string;
	/** Reason that it cannot be drawn, in a few words; null: it can. */
	unavailable: string | null;
	figure: DrawFigure;
}
