import { placeX, placeY, type ChartFrame } from './frame.ts';
import { strokeMark, type Mark, type TextMark } from './marks.ts';
import type { Medium } from './medium.ts';

/** Upper bound of a character's average width, as a fraction of the font size. */
const CHARACTER = 0.62;

export interface Tick {
	at: number;
	label: string;
}

/** Lines across a chart at the ticks of y, both axes, and what is written along them. */
export function axesMarks(
	frame: ChartFrame,
	{
		xTicks,
		yTicks,
		xTitle = '',
		yTitle = ''
	}: { xTicks: readonly Tick[]; yTicks: readonly Tick[]; xTitle?: string; yTitle?: string },
	{ text: size, middle, axis }: Medium
): Mark[] {
	const { left, top, width, height } = frame;
	const bottom = top + height;
	const strokeWidth = axis.width;
	const words = (
		text: string,
		x: number,
		y: number,
		rest: Pick<TextMark, 'anchor' | 'turn'>
	): Mark[] =>
		text === '' ? [] : [{ kind: 'text', text, x, y, size, fill: 'var(--ink-3)', ...rest }];
	const line = (d: string, stroke = 'var(--line-strong)') =>
		strokeMark(d, stroke, { strokeWidth, crisp: true });
	/** A title that is wider than the axis runs out to the left, where the labels of y leave it room. */
	const titleWider = xTitle.length * CHARACTER * size > width;
	return [
		...yTicks.flatMap(({ at, label }) => {
			const y = placeY(frame, at);
			return [
				line(`M${left} ${y}h${width}`, 'var(--line)'),
				...words(label, left - axis.yLabel, y + middle, { anchor: 'end' })
			];
		}),
		line(`M${left} ${top}V${bottom}h${width}`),
		...xTicks.flatMap(({ at, label }) => [
			...(axis.tick > 0 ? [line(`M${placeX(frame, at)} ${bottom}v${axis.tick}`)] : []),
			...words(label, placeX(frame, at), bottom + axis.xLabel, { anchor: 'middle' })
		]),
		...words(xTitle, titleWider ? left + width : left + width / 2, bottom + axis.xTitle, {
			anchor: titleWider ? 'end' : 'middle'
		}),
		...words(yTitle, axis.yTitle, top + height / 2, { anchor: 'middle', turn: -90 })
	];
}
