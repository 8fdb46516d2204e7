/** A text the user gave, decoded and not empty. */
export interface Document {
	/** File name, or what the user sees it called. */
	name: string;
	text: string;
}

export interface Tokenizer {
	/** The id put before every window, or null where this tokenizer adds none. */
	bosId: number | null;
	/** Number of ids, added tokens included: highest id + 1. */
	size: number;
	/** Ids of a text, without special tokens. */
	encode(text: string): number[];
	/** What each id looks like on an axis: "Ġthe" and "▁the" become " the", lone bytes "<0xE2>". */
	pieces(ids: readonly number[]): string[];
	/** UTF-8 bytes of the text that each id stands for; see `byteCounter`. */
	byteLengths(ids: readonly number[]): number[];
}

/** One stretch of a document, tokenized. */
export interface Window {
	/** Index of the document. */
	document: number;
	/** Character of the document at which the window starts (UTF-16 code units). */
	start: number;
	/** Token ids, BOS first where the tokenizer adds one. All windows of a run are equally long. */
	ids: number[];
}
