import { formatWhole, shortHash } from '../format.ts';

/** What a caption inside a figure names, so that the figure can be made again. */
export interface CaptionFacts {
	/** What is shown: "Similarity of the attention of every two layers". */
	what: string;
	metric: string | null;
	view: string | null;
	tokens: number;
	windows: number;
	context: number;
	documents: readonly string[];
	model: string;
	modelHash: string;
	/** The command that makes the numbers again. */
	command: string;
}

/** One sentence a fact, in the order a reader asks for them. */
export function captionOf(facts: CaptionFacts): string {
	const measured = [
		facts.metric === null ? null : `Metric ${facts.metric}`,
		facts.view === null ? null : `view ${facts.view}`
	].filter((part) => part !== null);
	const windows = `${facts.windows} ${facts.windows === 1 ? 'window' : 'windows'} of ${facts.context}`;
	return [
		`${facts.what}.`,
		measured.length === 0 ? '' : `${measured.join(', ')}.`,
		`Model ${facts.model} (${shortHash(facts.modelHash)});`,
		`${formatWhole(facts.tokens)} tokens (${windows})`,
		`of ${facts.documents.join(', ')}.`,
		'Layers counted from 0.',
		facts.command
	]
		.filter((part) => part !== '')
		.join(' ');
}
