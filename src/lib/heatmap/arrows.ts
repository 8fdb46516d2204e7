/** Cells that Shift and an arrow move by. */
const STRIDE = 10;

const ARROWS: Readonly<Partial<Record<string, readonly [number, number]>>> = {
	ArrowUp: [-1, 0],
	ArrowDown: [1, 0],
	ArrowLeft: [0, -1],
	ArrowRight: [0, 1]
};

/** Returns the step of an arrow key over a map, in cells; ten times as far with Shift, null for other keys. */
export function stepOf(event: {
	key: string;
	shiftKey: boolean;
}): { rows: number; columns: number } | null {
	const arrow = ARROWS[event.key];
	if (arrow === undefined) return null;
	const stride = event.shiftKey ? STRIDE : 1;
	return { rows: arrow[0] * stride, columns: arrow[1] * stride };
}
