import { placeX, placeY, type ChartFrame } from '../chart/geometry.ts';
import { fixed, LINE, SOFT_INK, text } from './frame.ts';

interface Tick {
	at: number;
	label: string;
}

/** Lines across a chart at the ticks of y, both axes, and what is written along them. */
export function axes(
	frame: ChartFrame,
	{
		xTicks,
		yTicks,
		xTitle = '',
		yTitle = ''
	}: { xTicks: readonly Tick[]; yTicks: readonly Tick[]; xTitle?: string; yTitle?: string }
): string {
	const { left, top, width, height } = frame;
	const bottom = top + height;
	const title = (words: string, x: number, y: number, turn?: number) =>
		words === '' ? '' : text(words, x, y, { anchor: 'middle', colour: SOFT_INK, turn });
	return [
		...yTicks.map(({ at, label }) => {
			const y = placeY(frame, at);
			return `<path d="M${left} ${fixed(y)}h${width}" stroke="#dfe2e5" stroke-width="0.5"/>${text(label, left - 3, y + 2, { anchor: 'end' })}`;
		}),
		`<path d="M${left} ${top}V${bottom}h${width}" fill="none" stroke="${LINE}" stroke-width="0.5"/>`,
		...xTicks.map(({ at, label }) =>
			text(label, placeX(frame, at), bottom + 8, { anchor: 'middle' })
		),
		title(xTitle, left + width / 2, bottom + 17),
		title(yTitle, 6, top + height / 2, -90)
	].join('');
}
