/** The faces that figures are set in: Source Sans 3 (SIL Open Font License 1.1), TrueType. */
export interface Faces {
	regular: Uint8Array<ArrayBuffer>;
	bold: Uint8Array<ArrayBuffer>;
}

let loaded: Promise<{ regular: string; bold: string }> | null = null;

/** Both faces as data URLs; they are loaded when a figure is first saved. */
async function faceUrls(): Promise<{ regular: string; bold: string }> {
	loaded ??= Promise.all([
		import('@expo-google-fonts/source-sans-3/400Regular/SourceSans3_400Regular.ttf?inline'),
		import('@expo-google-fonts/source-sans-3/600SemiBold/SourceSans3_600SemiBold.ttf?inline')
	]).then(([regular, bold]) => ({ regular: regular.default, bold: bold.default }));
	return loaded;
}

export async function loadFaces(): Promise<Faces> {
	const { regular, bold } = await faceUrls();
	return { regular: bytesOf(regular), bold: bytesOf(bold) };
}

/** Rules that embed both faces in an SVG, for drawing it where they are not installed. */
export async function faceRules(): Promise<string> {
	const { regular, bold } = await faceUrls();
	const rule = (url: string, weight: number) =>
		`@font-face{font-family:'Source Sans 3';font-weight:${weight};src:url(${url})}`;
	return rule(regular, 400) + rule(bold, 600);
}

function bytesOf(url: string): Uint8Array<ArrayBuffer> {
	const binary = atob(url.slice(url.indexOf(',') + 1));
	return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
