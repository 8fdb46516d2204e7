/** Longest name, in characters: a line of a table. */
export const MAX_NAME = 80;
/** Longest note, in characters: a paragraph or two, not a document. */
export const MAX_NOTE = 2000;
/** Most tags of one run or result. */
export const MAX_TAGS = 20;
/** Longest tag, in characters. */
export const MAX_TAG = 40;

/** Name, note, tags and pin that a person gave a run or a result. It lies beside the measurement, never in it. */
export interface Label {
	/** One line; empty: none. */
	name: string;
	/** Empty: none. */
	note: string;
	/** Lower case, each once, in alphabetical order. */
	tags: string[];
	/** Sorts first in every list. */
	pinned: boolean;
}

/** The label of what nobody has named. */
export const NO_LABEL: Readonly<Label> = { name: '', note: '', tags: [], pinned: false };

/** Kind of things that can be labelled, named as their folder in the workspace. */
export type Labelled = 'runs' | 'results';

/** The labels of a workspace, by id; what has none is not there. */
export type Labels = Record<Labelled, Record<string, Label>>;

/** Is there nothing in it? */
export function isEmptyLabel(label: Label): boolean {
	return label.name === '' && label.note === '' && label.tags.length === 0 && !label.pinned;
}

/** "paper, run-2" or "paper run-2" → the words between, for a field that holds all tags. */
export function tagWords(text: string): string[] {
	return text.split(/[\s,]+/).filter((word) => word !== '');
}
