/**
 * What the words, measures and units on the pages mean: the one table of it. The "?" of the pages shows it, and
 * docs/terms.md is made from it.
 */
export interface Explanation {
	/** As it stands on screen. */
	name: string;
	/** One plain sentence. */
	sentence: string;
	/** What it is computed by; none: a word. */
	formula?: string;
	/** Where it comes from, where it is not ours. */
	source?: string;
}

const SHARED_ATTENTION = 'Liao & Vargas, Beyond KV Caching: Shared Attention (arXiv 2407.12866)';

export const EXPLANATIONS = {
	cosine: {
		name: 'cosine',
		sentence:
			'How alike two layers attend, head by head: the cosine of their attention weights, all heads as one long vector.',
		formula: 'Σ_h ⟨P_l[h], P_m[h]⟩ / √(Σ_h ‖P_l[h]‖² · Σ_h ‖P_m[h]‖²)',
		source: SHARED_ATTENTION
	},
	'cosine-mean': {
		name: 'cosine-mean',
		sentence: 'The cosine of two layers’ attention maps after averaging each over its heads.',
		formula: 'Σ_hg ⟨P_l[h], P_m[g]⟩ / √(Σ_hg ⟨P_l[h], P_l[g]⟩ · Σ_hg ⟨P_m[h], P_m[g]⟩)'
	},
	'cosine-matched': {
		name: 'cosine-matched',
		sentence:
			'As cosine, but each head of the follower is compared with the head of the source that it is most like; source and follower cannot be swapped.',
		formula: 'as cosine, with P_l[h′] for P_l[h], h′ = the head of l that is most like head h of m'
	},
	hellinger: {
		name: 'hellinger',
		sentence:
			'How much two layers’ attention distributions overlap; 1 is the same, and a few large weights count for less than in a cosine.',
		formula: '1 − √(1 − BC), BC = Σ √(P_l · P_m), normalised'
	},
	js: {
		name: 'js',
		sentence:
			'How little two layers’ attention distributions diverge, by Jensen–Shannon divergence; 1 is the same.',
		formula: '1 − √(JS / ln 2), JS = mean over heads and queries',
		source: 'Lin, Divergence measures based on the Shannon entropy (1991)'
	},
	output: {
		name: 'output',
		sentence:
			'How close a layer’s attention block comes to its own output when it uses another layer’s attention weights; 1 is exactly, below 0 is worse than nothing.',
		formula: '1 − ‖(P_l − P_m) V_m W_O‖ / ‖P_m V_m W_O‖'
	},
	damage: {
		name: 'damage',
		sentence:
			'Loss that the model gains when one layer reuses another’s attention weights, or on the diagonal when its attention is dropped; measured on text.',
		formula: 'loss of the changed model − loss of the baseline, nats/token'
	},
	recall: {
		name: 'recall',
		sentence:
			'Loss on the second copy of a passage that comes again: whether the model can still look something up in its context.',
		formula:
			'mean loss over the second copy of A in A B A, 512 tokens; a rise is planned − baseline'
	},
	probes: {
		name: 'long in-context probes',
		sentence:
			'Whether the model still finds in a long context what was said there: the value behind a key of a long list, and the label that lines with a certain word had.',
		formula:
			'accuracy: the right answer is likelier than three others from the same context; nats: −ln of its probability among the four'
	},
	all: {
		name: 'all',
		sentence: 'Every entry of the attention maps that a query may see, as published work has it.'
	},
	'no-sink': {
		name: 'no-sink',
		sentence:
			'Without the first token, which draws most of the attention in trained models, and without the first two queries; rows are made to sum to 1 again.'
	},
	similarity: {
		name: 'value',
		sentence: 'The measure itself, over all windows of the text.'
	},
	null: {
		name: 'null',
		sentence:
			'The same cosine between a layer on one window and the other layer on another window: what position alone makes alike, whatever the text says.',
		formula: '(⟨S_l, S_m⟩ − G_lm) / ((N − 1) · √(G_ll · G_mm)), S = sum over N windows'
	},
	excess: {
		name: 'excess',
		sentence: 'How far the similarity lies above its null, as a fraction of what is possible.',
		formula: '(similarity − null) / (1 − null)'
	},
	width: {
		name: 'CI width',
		sentence: 'Width of the 95% interval of each cell: how little the number is known.',
		formula: 'upper end − lower end'
	},
	interval: {
		name: '95% CI',
		sentence:
			'The range that the number stays in when the text is drawn again, in 95 of 100 draws: bootstrap over documents and their windows. With one document it says nothing about other texts.'
	},
	loss: {
		name: 'loss, nats/token',
		sentence:
			'How surprised the model is by the next token, on average; lower is better, and 0.69 more doubles the perplexity.',
		formula: '−mean ln p(next token)'
	},
	increase: {
		name: 'loss increase',
		sentence: 'What the plan adds to the loss, on the same windows of text with and without it.',
		formula: 'planned − baseline, paired by window, nats/token'
	},
	agreement: {
		name: 'top-1 agreement',
		sentence: 'How often the model with the plan still gives the same most likely next token.',
		formula: 'equal most likely tokens / predicted tokens'
	},
	kl: {
		name: 'KL divergence',
		sentence:
			'How far the planned model’s next-token distribution moves from the baseline’s, per token.',
		formula: 'Σ p · ln(p / q), p baseline, q planned, nats'
	},
	gates: {
		name: 'gates',
		sentence:
			'Limits that you set. Pass and fail need the whole 95% interval on one side; inconclusive means that it straddles the limit: use more windows.'
	},
	verdict: {
		name: 'verdict',
		sentence:
			'What the search advises at equal savings, by held-out text: share, drop, both, or neither. Tied means that the interval of the difference contains 0.'
	},
	candidate: {
		name: 'candidate',
		sentence:
			'A plan made from similarity alone. What it costs was not measured, so it is no recommendation.'
	},
	measured: {
		name: 'measured',
		sentence: 'The model ran, and this is what came out, on the text that is named.'
	},
	predicted: {
		name: 'predicted',
		sentence: 'Counted from the sizes of the model and the plan; nothing was run or timed.'
	},
	kvCache: {
		name: 'K cache',
		sentence:
			'Keys that followers need not keep; they keep their values, so the K and V cache shrinks by half of that.',
		formula: 'followers × KV heads × head dim × bytes × tokens × batch'
	},
	parameters: {
		name: 'parameters',
		sentence: 'Weights for queries and keys that followers do not have.',
		formula: 'followers × hidden × head dim × (heads + KV heads)'
	},
	prefill: {
		name: 'prefill FLOPs',
		sentence:
			'Arithmetic that reading the prompt saves: query and key projections, and the scores. It is no claim about time.',
		formula: 'followers × (2 · n · hidden · d · (heads + KV heads) + n² · heads · d)'
	},
	decode: {
		name: 'decode bytes',
		sentence: 'Bytes that are not read for each generated token, less what is read instead.',
		formula:
			'followers × (query and key weights + n · KV heads · d · bytes) − source’s weights read'
	},
	ratio: {
		name: 'planned ÷ baseline',
		sentence:
			'Both models run in turn; the ratio is taken round by round. Below ×1 is less time or memory, above ×1 more tokens/s; no clear difference where its interval contains 1.',
		formula: 'median over rounds of planned / baseline'
	},
	rho: {
		name: 'rank agreement',
		sentence:
			'Whether similarity puts pairs of layers in the order of their measured damage: −1 is perfectly, 0 not at all.',
		formula: 'Spearman’s rho, with its 95% interval by jackknife over layers'
	}
} as const satisfies Record<string, Explanation>;

export type Term = keyof typeof EXPLANATIONS;

/** The table as a document in Markdown. */
export function explanationsMarkdown(): string {
	const entries = Object.values<Explanation>(EXPLANATIONS).map(
		({ name, sentence, formula, source }) =>
			[
				`**${name}**. ${sentence}`,
				...(formula === undefined ? [] : [`    ${formula}`]),
				...(source === undefined ? [] : [`Source: ${source}.`])
			].join('\n\n')
	);
	return `${['# Terms', 'What the “?” beside a number says. `npm run terms` writes this file.', ...entries].join('\n\n')}\n`;
}
