import { loadFaces } from './faces.ts';
import { covered, textWidth, type Weight } from './measure.ts';
import type { Figure, Mark, TextMark } from './marks.ts';
import { onPaper } from './paint.ts';
import { rasterPng } from './png.ts';
import { sheetOf } from './sheet.ts';
import type { Colours, Style } from './style.ts';

/**
 * A figure as one page of PDF: lines and text as vectors, the used part of the faces embedded, cells of a map as one
 * image. What the text holds beyond the face stands as a box.
 */
export async function figurePdf(figure: Figure, style: Style): Promise<Uint8Array<ArrayBuffer>> {
	const [{ default: PdfDocument }, { toBytes }, faces] = await Promise.all([
		import('pdfkit'),
		import('pdfkit/output'),
		loadFaces()
	]);
	const { width, height, marks } = sheetOf(figure, style);
	const pdf = new PdfDocument({
		autoFirstPage: false,
		// None: PDF's standard fonts are never asked for.
		font: '',
		info: { Title: figure.title, Subject: figure.caption, Creator: 'Spanwise' }
	});
	const bytes = toBytes(pdf);
	pdf.registerFont('regular', faces.regular.buffer);
	pdf.registerFont('bold', faces.bold.buffer);
	pdf.font('regular').addPage({ size: [width, height], margin: 0 });
	for (const mark of marks) draw(pdf, mark, style.colours);
	pdf.end();
	return bytes;
}

type Pdf = PDFKit.PDFDocument;

function draw(pdf: Pdf, mark: Mark, colours: Colours): void {
	if (mark.kind === 'text') drawText(pdf, mark, colours);
	else if (mark.kind === 'raster') {
		const { x, y, width, height } = mark;
		pdf.image(rasterPng(mark).buffer, x, y, { width, height });
	} else {
		const { fill = 'none', stroke = 'none', strokeWidth = 1, dash, opacity = 1 } = mark;
		if (mark.kind === 'path' && mark.d === '') return;
		pdf.save();
		if (mark.kind === 'rect') pdf.rect(mark.x, mark.y, mark.width, mark.height);
		else pdf.translate(mark.x ?? 0, mark.y ?? 0).path(mark.d);
		pdf.opacity(opacity).lineWidth(strokeWidth);
		if (dash !== undefined) {
			const [length, space] = dash.split(' ').map(Number);
			pdf.dash(length, { space });
		}
		if (fill !== 'none' && stroke !== 'none')
			pdf.fillAndStroke(colourOf(fill, colours), colourOf(stroke, colours));
		else if (fill !== 'none') pdf.fill(colourOf(fill, colours));
		else if (stroke !== 'none') pdf.stroke(colourOf(stroke, colours));
		pdf.restore();
	}
}

/** No kerning and no ligatures: the widths are those that the layout was measured with. */
const FEATURES: PDFKit.Mixins.OpenTypeFeatures[] = [];

function drawText(pdf: Pdf, mark: TextMark, colours: Colours): void {
	const { x, y, size, anchor = 'start', turn = 0, halo } = mark;
	const weight: Weight = mark.weight === undefined ? 'regular' : 'bold';
	const text = covered(mark.text);
	const width = textWidth(text, size, weight);
	const from = { start: 0, middle: -width / 2, end: -width }[anchor];
	const options = { lineBreak: false, baseline: 'alphabetic', features: FEATURES } as const;
	pdf.save();
	pdf.translate(x, y).rotate(turn).font(weight).fontSize(size);
	if (halo !== undefined) {
		pdf
			.lineWidth(size / 4)
			.lineJoin('round')
			.strokeColor(colourOf(halo, colours));
		pdf.text(text, from, 0, { ...options, stroke: true, fill: false });
	}
	pdf.fillColor(colourOf(mark.fill, colours)).text(text, from, 0, options);
	pdf.restore();
}

/** A colour as PDF has it: "#rrggbb", or [red, green, blue] of "rgb(…)". */
function colourOf(paint: string, colours: Colours): string | [number, number, number] {
	const colour = onPaper(paint, colours);
	const parts = /^rgb\((\d+), ?(\d+), ?(\d+)\)$/.exec(colour);
	if (parts !== null) return [Number(parts[1]), Number(parts[2]), Number(parts[3])];
	const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(colour);
	return short === null ? colour : `#${[1, 2, 3].map((at) => short[at] + short[at]).join('')}`;
}
