/** A text the user gave, decoded and not empty. */
export interface Document {
	/** File name, or what the user sees it called. */
	name: string;
	text: string;
}

/** A text as tokens, without special tokens around it. */
export interface Encoded {
	/** Every id has a row in the model's embedding. */
	ids: number[];
	/** Number of these tokens that any longer text beginning with this one has, too. */
	settled: number;
	/** Computes the start of each token in the text, in UTF-16 code units. */
	starts: () => number[];
}

export interface Tokenizer {
	/** SHA-256 of tokenizer.json. */
	sha256: string;
	/** The id put before every window, or null where this tokenizer adds none. */
	bosId: number | null;
	/** Throws InputError for a text that cannot be encoded, or has a token that the embedding has no row for. */
	encode(text: string): Promise<Encoded>;
	/** Returns the text of each id for an axis: "Ġthe" and "▁the" become " the", lone bytes "<0xE2>". */
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
