/**
 * Meaning of a word, measure or unit on the pages; EXPLANATIONS is the one table of them. The "?" of the pages shows
 * it, and docs/terms.md is made from it.
 */
export interface Explanation {
	/** As it stands on screen. */
	name: string;
	/** One plain sentence. */
	sentence: string;
	/** Formula of a measure; a word has none. */
	formula?: string;
	/** Publication that it comes from; left out where it is ours. */
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
	accuracy: {
		name: 'accuracy drop',
		sentence:
			'How many fewer multiple-choice questions the planned model gets right; a choice counts as given where it has the highest log-likelihood.',
		formula: 'baseline correct / questions − planned correct / questions'
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
	nextLayer: {
		name: 'mean of neighbouring layers',
		sentence: 'How alike a layer and the next attend, averaged over the model.',
		formula: 'mean over l of similarity(l, l + 1)'
	},
	pairsMean: {
		name: 'mean of all pairs of layers',
		sentence: 'How alike any two different layers attend, averaged over the model.',
		formula: 'mean over l < m of similarity(l, m)'
	},
	depth: {
		name: 'relative depth',
		sentence:
			'Where a layer lies in its model: 0 is the first and 1 the last, so that models of unlike depth can be compared.',
		formula: 'layer / (layers − 1)'
	},
	difference: {
		name: 'difference',
		sentence:
			'One model’s similarity less the other’s, on the same windows of text. It is stated where its 95% interval leaves out 0 and is more than rounding.',
		formula: 'similarity in A − similarity in B'
	},
	held: {
		name: 'loss increase, held-out',
		sentence:
			'What the plan adds to the loss on the report part of the text, which was read once, after every plan was frozen.',
		formula: 'planned − baseline, nats/token'
	},
	choose: {
		name: 'choose part',
		sentence:
			'What the plan adds to the loss on the part of the text on which plans are chosen between. Of the chosen plan it looks better than it is.',
		formula: 'planned − baseline, nats/token'
	},
	inSample: {
		name: 'search part, in-sample',
		sentence:
			'What the plan adds to the loss on the part of the text that it was made from. It looks better than it is for every plan made from measured damage.',
		formula: 'planned − baseline, nats/token'
	},
	additivity: {
		name: 'additivity error',
		sentence:
			'How far the damage of the whole plan lies from the sum of its parts, each measured by itself; 0 is exactly additive, as the planner assumes.',
		formula: 'damage of the plan − Σ damage of its spans and dropped layers'
	},
	sum: {
		name: 'sum of parts',
		sentence:
			'Damage of the plan’s spans and dropped layers, each measured by itself on the search part, added up.'
	},
	saved: {
		name: 'saved',
		sentence:
			'Fraction of the whole that the plan saves. Counted from sizes; nothing was run or timed.',
		formula: 'saved / total'
	},
	recallIncrease: {
		name: 'recall increase',
		sentence:
			'What the plan adds to the loss on a passage that comes again: a plan can keep the loss on text and lose recall.',
		formula: 'planned − baseline on the second copy, nats/token'
	},
	spanMean: {
		name: 'mean and lowest',
		sentence:
			'How alike the followers of a span attend to their source, on average and at the least, by the metric on the map.',
		formula: 'mean and minimum over followers f of similarity(source, f)'
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
