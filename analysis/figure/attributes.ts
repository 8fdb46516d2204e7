import { fixed, type Mark, type RasterMark } from './marks.ts';

/** The attributes that paint a mark, with the page's own names of colours; null: not given. */
export function paintOf(mark: Exclude<Mark, RasterMark>): Record<string, string | number | null> {
	if (mark.kind === 'text')
		return {
			fill: mark.fill,
			'font-size': mark.size,
			'text-anchor': mark.anchor ?? 'start',
			'font-weight': mark.weight ?? null,
			...(mark.halo !== undefined && {
				stroke: mark.halo,
				'stroke-width': mark.size / 4,
				'stroke-linejoin': 'round',
				'paint-order': 'stroke'
			})
		};
	return {
		fill: mark.fill ?? 'none',
		stroke: mark.stroke ?? null,
		'stroke-width': mark.strokeWidth ?? null,
		'stroke-dasharray': mark.dash ?? null,
		opacity: mark.opacity ?? null,
		'shape-rendering': mark.crisp ? 'crispEdges' : null
	};
}

/** Returns the SVG attributes of a mark's place: x and y or a transform, with its size or its path. */
export function placeOf(mark: Mark): Record<string, string | number | null> {
	if (mark.kind === 'path') {
		const { d, x = 0, y = 0 } = mark;
		return { transform: x === 0 && y === 0 ? null : `translate(${fixed(x)} ${fixed(y)})`, d };
	}
	const [x, y] = [fixed(mark.x), fixed(mark.y)];
	if (mark.kind === 'text')
		return mark.turn === undefined
			? { x, y }
			: { transform: `translate(${x} ${y}) rotate(${mark.turn})` };
	return { x, y, width: fixed(mark.width), height: fixed(mark.height) };
}
