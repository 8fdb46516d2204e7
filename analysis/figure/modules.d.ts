/** A file as a data URL, by Vite. */
declare module '*.ttf?inline' {
	const url: string;
	export default url;
}

declare module 'pdfkit/output' {
	/** Everything that a document puts out, once it has ended. */
	export function toBytes(document: PDFKit.PDFDocument): Promise<Uint8Array<ArrayBuffer>>;
}
