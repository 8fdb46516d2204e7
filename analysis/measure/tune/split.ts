import type { Document } from '../../model/tokens/types.ts';

/** Ends of the parts to train on and to stop by, as fractions of a text's length; the rest is measured once. */
const ENDS = { train: 0.7, stop: 0.85 };

/** The parts of the texts, each with the same number of texts. */
export interface TextParts {
	train: Document[];
	stop: Document[];
	report: Document[];
}

/** Splits every text into 70%, 15% and 15% of its characters, one after the other, at white space. */
export function splitTexts(documents: readonly Document[]): TextParts {
	const parts: TextParts = { train: [], stop: [], report: [] };
	for (const { name, text } of documents) {
		const [first, second] = [ENDS.train, ENDS.stop].map((end) =>
			nextSpace(text, Math.floor(end * text.length))
		);
		parts.train.push({ name, text: text.slice(0, first) });
		parts.stop.push({ name, text: text.slice(first, second) });
		parts.report.push({ name, text: text.slice(second) });
	}
	return parts;
}

/** The first white space from `at` on, or the end. */
function nextSpace(text: string, at: number): number {
	const found = text.slice(at).search(/\s/);
	return found === -1 ? text.length : at + found;
}
