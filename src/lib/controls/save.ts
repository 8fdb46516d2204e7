/** Dots per inch of saved PNGs: what print asks of a figure. */
const PNG_DPI = 300;

/** Hands a file to the browser's downloads. */
export function saveFile(
	name: string,
	content: string | Uint8Array<ArrayBuffer> | Blob,
	type = 'text/plain'
) {
	const blob = content instanceof Blob ? content : new Blob([content], { type });
	const url = URL.createObjectURL(blob);
	const link = document.createElement('a');
	link.href = url;
	link.download = name;
	link.click();
	URL.revokeObjectURL(url);
}

/** Puts a text on the clipboard. Throws an Error that has the text where the browser forbids it. */
export async function copyText(text: string): Promise<void> {
	try {
		await navigator.clipboard.writeText(text);
	} catch (error) {
		throw new Error(`The browser does not let pages copy. Select it and copy by hand: ${text}`, {
			cause: error
		});
	}
}

/** A standalone SVG as PNG, at `PNG_DPI`. Width and height are read from the SVG, in inches. */
export async function pngOf(svg: string): Promise<Blob> {
	const image = new Image();
	image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
	await image.decode();
	const canvas = document.createElement('canvas');
	const { width, height } = pixelSize(svg, PNG_DPI);
	canvas.width = width;
	canvas.height = height;
	const context = canvas.getContext('2d');
	if (context === null) throw new Error('this browser gives no canvas to draw the PNG on');
	context.drawImage(image, 0, 0, width, height);
	return await new Promise((resolve, reject) => {
		canvas.toBlob((blob) => {
			if (blob === null)
				reject(new Error(`PNG of ${width} × ${height}: too large for this browser`));
			else resolve(blob);
		}, 'image/png');
	});
}

/** Pixels of an SVG whose width and height are in inches. */
export function pixelSize(svg: string, dpi: number): { width: number; height: number } {
	const size = /width="([\d.]+)in" height="([\d.]+)in"/.exec(svg);
	if (size === null) throw new RangeError('figure: no width and height in inches');
	return { width: Math.round(Number(size[1]) * dpi), height: Math.round(Number(size[2]) * dpi) };
}

/** Returns the name of the file that a plan of a model is saved in; commands name it too: "mini-llama2_plan.json". */
export function planFileName(model: string): string {
	return fileName(model, 'plan.json');
}

/** A file name of words: "mini-llama2 cosine all" → "mini-llama2_cosine_all". */
export function fileName(...words: string[]): string {
	return words.join('_').replace(/[^\w.-]+/g, '_');
}
