import { shortHash } from '../../text/hash.ts';
import type { Definition } from '../../plan/types.ts';
import type { Metric, View } from '../../similarity/types.ts';
import type { RunRecord } from './types.ts';

/** Heads or maps that each metric compares with one another. */
const HEAD_POLICY: Record<Metric, string> = {
	cosine: 'each head with the head of the same index, all heads flattened into one vector',
	'cosine-mean': 'the maps averaged over heads',
	'cosine-matched':
		"each head of the follower with the source's head most like it, many-to-one, ties to the lowest head",
	hellinger: 'each head with the head of the same index, all heads together',
	js: 'each head with the head of the same index, averaged over heads and queries'
};

const METRIC_WORDS: Record<Metric, string> = {
	cosine: 'cosine similarity of attention probabilities, all heads flattened into one vector',
	'cosine-mean': 'cosine similarity of attention probabilities averaged over heads',
	'cosine-matched':
		'cosine similarity of attention probabilities, each head of the following layer compared with the head of the source layer most like it (many-to-one)',
	hellinger: 'one minus the Hellinger distance of attention probabilities, over all heads together',
	js: 'one minus the square root of the Jensen–Shannon divergence of attention probabilities relative to ln 2, the divergence averaged over heads and queries'
};

const VIEW_WORDS: Record<View, string> = {
	all: 'Every causal entry counts.',
	'no-sink':
		'The first token and the first two queries were left out and each row was divided by its sum over the other keys.'
};

/** The definition card: all that is needed to make a figure of this run again. */
export function definitionOf(run: RunRecord, metric: Metric, view: View): Definition {
	return {
		metric,
		view,
		headPolicy: HEAD_POLICY[metric],
		texts: run.texts,
		context: run.context,
		windows: run.windows.length,
		tokens: run.tokens,
		modelHash: run.model.hash,
		...(run.model.tokenizerHash !== undefined && { tokenizerHash: run.model.tokenizerHash }),
		version: run.spanwise
	};
}

/** A paragraph for a paper's methods section. */
export function methodsSentence(run: RunRecord, metric: Metric, view: View): string {
	const { model } = run;
	const windows = run.windows.length;
	const sampled =
		metric === 'js' && run.jsRows !== 'all'
			? ` Divergences were taken at up to ${run.jsRows} evenly spread queries per window.`
			: '';
	const tokenizer =
		model.tokenizerHash === undefined
			? ''
			: `, of tokenizer.json ${shortHash(model.tokenizerHash)}…`;
	return (
		`Attention weights of ${model.name} (${model.architecture}, ${model.layers} layers, ${model.heads} heads, ` +
		`${model.kvHeads} KV heads; SHA-256 of the weights ${shortHash(model.hash)}…${tokenizer}) were captured on ` +
		`${windows} ${windows === 1 ? 'window' : 'windows'} of ${run.context} tokens (${run.tokens} tokens${run.bos ? ', each window beginning with BOS' : ''}) ` +
		`from ${run.texts.length === 1 ? 'one document' : `${run.texts.length} documents`} with Spanwise ${run.spanwise}. ` +
		`Similarity between layers is the ${METRIC_WORDS[metric]}. ${VIEW_WORDS[view]}${sampled} Layers are counted from 0.`
	);
}

/** One line under a figure: metric, view, tokens, documents, model hash and the command that makes it again. */
export function captionOf(run: RunRecord, metric: Metric, view: View): string {
	const documents = run.texts.map(({ name }) => name).join(', ');
	return `${run.model.name} · ${metric}, view ${view} · ${run.tokens} tokens of ${documents} · model ${shortHash(run.model.hash)} · ${run.command}`;
}
