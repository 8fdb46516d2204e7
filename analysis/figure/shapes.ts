import {
	symbol,
	symbolCircle,
	symbolDiamond2,
	symbolSquare,
	symbolTimes,
	symbolTriangle2,
	type SymbolType
} from 'd3-shape';

export type PointShape = 'circle' | 'square' | 'diamond' | 'triangle' | 'cross' | 'dash';

/** Shapes of strokes alone, without a fill. */
export function isOpen(shape: PointShape): boolean {
	return shape === 'cross' || shape === 'dash';
}

/** Areas at which d3's symbols are 2 pixels across, and look equally large. */
const UNIT_SYMBOLS: Record<Exclude<PointShape, 'dash'>, [SymbolType, number]> = {
	circle: [symbolCircle, Math.PI],
	square: [symbolSquare, 1.8 ** 2],
	diamond: [symbolDiamond2, (1.25 / 0.62625) ** 2],
	triangle: [symbolTriangle2, (1.2 / 0.6824) ** 2],
	cross: [symbolTimes, 1 / 0.6189 ** 2]
};

/** SVG path of a shape of about `size` across around (0, 0). */
export function shapePath(shape: PointShape, size: number): string {
	if (shape === 'dash') return `M${-size * 1.4},0h${size * 2.8}`;
	const [type, unit] = UNIT_SYMBOLS[shape];
	return symbol(type, unit * (size / 2) ** 2).digits(2)() ?? '';
}
