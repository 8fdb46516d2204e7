import type { Cell, MapLayout } from './geometry.ts';

/** Distance between cell and tooltip, CSS pixels. */
const GAP = 12;

/** Where a tooltip goes: on the side of the cell where there is more room, so that it never leaves the map. */
export function placeTooltip(
	layout: MapLayout,
	cell: Cell
): Record<'left' | 'right' | 'top' | 'bottom', number | null> {
	const x = layout.left + cell.column * layout.cell;
	const y = layout.top + cell.row * layout.cell;
	const width = layout.left + layout.width + layout.right;
	const height = layout.top + layout.height + layout.bottom;
	const leftHalf = cell.column < layout.columns / 2;
	const upperHalf = cell.row < layout.rows / 2;
	return {
		left: leftHalf ? x + layout.cell + GAP : null,
		right: leftHalf ? null : width - x + GAP,
		top: upperHalf ? y + layout.cell + GAP : null,
		bottom: upperHalf ? null : height - y + GAP
	};
}
