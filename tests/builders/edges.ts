import type { Figure } from '../../analysis/figure/marks.ts';
import { textWidth } from '../../analysis/figure/measure.ts';
import { sheetOf } from '../../analysis/figure/sheet.ts';
import type { Style } from '../../analysis/figure/style.ts';

/** Texts of a figure that reach beyond the edges of its sheet, as they are measured; none should. */
export function overEdges(figure: Figure, style: Style): string[] {
	const { width, height, marks } = sheetOf(figure, style);
	return marks.flatMap((mark) => {
		if (mark.kind !== 'text') return [];
		const wide = textWidth(mark.text, mark.size, mark.weight === undefined ? 'regular' : 'bold');
		const from = { start: 0, middle: -wide / 2, end: -wide }[mark.anchor ?? 'start'];
		const [left, right] = [from, from + wide];
		const inside =
			mark.turn === -90
				? mark.y - right >= -0.5 && mark.y - left <= height + 0.5 && mark.x >= 0 && mark.x <= width
				: mark.x + left >= -0.5 && mark.x + right <= width + 0.5 && mark.y <= height && mark.y > 0;
		return inside ? [] : [mark.text];
	});
}
