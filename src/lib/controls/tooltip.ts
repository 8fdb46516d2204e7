/** CSS pixels from the upper left corner of a drawing. */
export interface Box {
	left: number;
	top: number;
	width: number;
	height: number;
}

/** Distances from the edges of what a tooltip stands in, CSS pixels; null: the tooltip ends where its text does. */
export type TooltipPlace = Record<'left' | 'right' | 'top' | 'bottom', number | null>;

/** Distance between what is pointed at and its tooltip, CSS pixels. */
const GAP = 12;

/** Places the tooltip of a box on the sides with more space, so that it never leaves the drawing. */
export function placeTooltip(box: Box, drawing: { width: number; height: number }): TooltipPlace {
	const { left, top, width, height } = box;
	const leftHalf = left + width / 2 < drawing.width / 2;
	const upperHalf = top + height / 2 < drawing.height / 2;
	return {
		left: leftHalf ? left + width + GAP : null,
		right: leftHalf ? null : drawing.width - left + GAP,
		top: upperHalf ? top + height + GAP : null,
		bottom: upperHalf ? null : drawing.height - top + GAP
	};
}
