/** The part of OpenAI's completions interface by which programs score texts: `echo` with `logprobs`. */
import * as v from 'valibot';
import { boundedArray } from '../../edge/parse.ts';

/** Models that a server of completions answers for, as the `model` of a request names them. */
const SCORED_MODELS = ['baseline', 'planned'] as const;
export type ScoredModel = (typeof SCORED_MODELS)[number];

/** Sequences of a request, and tokens of each: more than any model has positions. */
const MOST_SEQUENCES = 256;
const MOST_TOKENS = 131_072;

const ids = v.pipe(
	boundedArray(v.pipe(v.number(), v.integer(), v.minValue(0)), MOST_TOKENS),
	v.minLength(1, 'expected at least one token id')
);
const WANTED = 'expected token ids, [[1, 2, …], …]: texts are not tokenized here';

/** A request as lm-evaluation-harness's local-completions sends it for log-likelihoods. */
export const completionRequest = v.looseObject({
	model: v.picklist(SCORED_MODELS, `expected ${SCORED_MODELS.join(' or ')}`),
	prompt: v.union(
		[
			v.pipe(boundedArray(ids, MOST_SEQUENCES), v.minLength(1)),
			v.pipe(
				ids,
				v.transform((one) => [one])
			)
		],
		WANTED
	),
	echo: v.literal(true, 'expected true: this endpoint scores prompts and does not generate'),
	max_tokens: v.optional(v.literal(1, 'expected 1: this endpoint scores prompts'), 1),
	logprobs: v.optional(
		v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1, 'expected 1')),
		1
	)
});
export type CompletionRequest = v.InferOutput<typeof completionRequest>;

/** The likeliest token at a place, and its natural-log probability. */
export interface Top {
	id: number;
	logprob: number;
}

/** A scored sequence: of every token of the prompt, and of one generated one after it. null: nothing stands before it. */
export interface Scored {
	ids: number[];
	logprobs: (number | null)[];
	tops: (Top | null)[];
}

/**
 * Log-probabilities of a sequence's tokens from its logits [S, vocab], and the likeliest token at each place; one likeliest
 * token is added at the end. Both come from the same floats, so that a token is the likeliest exactly where they are equal.
 */
export function scoreLogits(logits: Float32Array, vocab: number, given: readonly number[]): Scored {
	const scored: Scored = { ids: [...given], logprobs: [null], tops: [null] };
	for (let at = 0; at < given.length; at++) {
		const row = logits.subarray(at * vocab, (at + 1) * vocab);
		let top = 0;
		for (let id = 1; id < vocab; id++) if (row[id] > row[top]) top = id;
		let sum = 0;
		for (let id = 0; id < vocab; id++) sum += Math.exp(row[id] - row[top]);
		const logSum = row[top] + Math.log(sum);
		const next = at + 1 < given.length ? given[at + 1] : top;
		if (at + 1 === given.length) scored.ids.push(top);
		scored.logprobs.push(row[next] - logSum);
		scored.tops.push({ id: top, logprob: row[top] - logSum });
	}
	return scored;
}

/** Leaves out what was put before a sequence that the client sent. */
export function withoutFirst({ ids: all, logprobs, tops }: Scored): Scored {
	return { ids: all.slice(1), logprobs: logprobs.slice(1), tops: tops.slice(1) };
}

/** The answer, in the form of OpenAI's first completions interface; tokens are named by their ids. */
export function completionAnswer(model: ScoredModel, scored: readonly Scored[]): object {
	return {
		object: 'text_completion',
		model,
		choices: scored.map(({ ids: all, logprobs, tops }, index) => ({
			index,
			text: '',
			finish_reason: 'length',
			logprobs: {
				tokens: all.map(String),
				token_logprobs: logprobs,
				top_logprobs: tops.map((top) => top && { [top.id]: top.logprob }),
				text_offset: all.map(() => 0)
			}
		}))
	};
}
