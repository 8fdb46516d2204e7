/** Sizes of what is drawn, in CSS pixels on the screen and in points (1/72 inch) on paper. */
export interface Medium {
	text: number;
	/** Labels beside points. */
	label: number;
	/** Raises a label beside a tick to its middle. */
	middle: number;
	axis: {
		/** Length of the ticks of x; 0: none. */
		tick: number;
		/** From the axis to its labels and its title. */
		xLabel: number;
		xTitle: number;
		yLabel: number;
		/** From the left edge to the title of y. */
		yTitle: number;
		width: number;
	};
	line: { width: number; dash: string; dot: number };
	point: { size: number; faint: number; whisker: number; half: number; arrow: number };
	map: {
		tick: number;
		/** From the cells to labels of rows and of columns. */
		row: number;
		column: number;
		title: number;
		/** From the cells to the title of the columns: below numbers, below turned labels. */
		below: [number, number];
		/** Least distance of labels. */
		gap: number;
		/** Width of the edge of a span. */
		span: number;
	};
}

export const SCREEN: Medium = {
	text: 11,
	label: 11,
	middle: 3.5,
	axis: { tick: 4, xLabel: 15, xTitle: 31, yLabel: 6, yTitle: 11, width: 1 },
	line: { width: 1.6, dash: '5 3', dot: 1.8 },
	point: { size: 8, faint: 5, whisker: 1.3, half: 3, arrow: 9 },
	map: { tick: 4, row: 6, column: 15, title: 11.5, below: [33, 17], gap: 13, span: 2 }
};

/** Sizes on paper, in points: text of 8, as journals ask for. */
export const PAPER: Medium = {
	text: 8,
	label: 7,
	middle: 2.6,
	axis: { tick: 0, xLabel: 9.5, xTitle: 19, yLabel: 3, yTitle: 7, width: 0.5 },
	line: { width: 1, dash: '3 2', dot: 0 },
	point: { size: 4.4, faint: 2.4, whisker: 0.7, half: 1.6, arrow: 4.5 },
	map: { tick: 0, row: 3, column: 9, title: 8, below: [19, 11], gap: 9, span: 1 }
};
