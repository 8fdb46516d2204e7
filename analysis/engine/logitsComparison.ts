import type { InferenceSession } from 'onnxruntime-node';
import { InputError } from '../errors.ts';
import {
	LOGITS_COMPARISON_OUTPUTS,
	LOGITS_SUM_OUTPUTS,
	logitsComparisonGraph,
	logitsSumGraph
} from '../graph/logitsComparison.ts';
import { divergenceOf, type TokenComparison } from './comparison.ts';
import { logSum } from './logSum.ts';
import type { Logits } from './onnxLogits.ts';
import { breathe, createSession, floats, tensor, type Tensors } from './session.ts';

/** Logits of a model looked at together, 4 MiB: what is made of them then stays in the processor's cache. */
const LOGITS_AT_ONCE = 2 ** 20;

/** Compares the logits of two models, some tokens at a time. */
export class LogitsComparison {
	readonly #session: InferenceSession;

	private constructor(session: InferenceSession) {
		this.#session = session;
	}

	static async open(): Promise<LogitsComparison> {
		return new LogitsComparison(await createSession(logitsComparisonGraph()));
	}

	/** Compares the predictions of two models for a window's tokens after the first. Logits are not copied. */
	async compare(
		ids: readonly number[],
		baseline: Logits,
		shared: Logits
	): Promise<TokenComparison> {
		const tokens = ids.length - 1;
		const found = await inParts(
			this.#session,
			{ baseline, shared },
			tokens,
			LOGITS_COMPARISON_OUTPUTS
		);
		return {
			baseline: losses(ids, baseline, found.baseline_highest, found.baseline_sum),
			shared: losses(ids, shared, found.shared_highest, found.shared_sum),
			// Never negative but for rounding.
			kl: found.gap.map((gap, token) =>
				Math.max(0, divergenceOf(gap, found.baseline_sum[token], found.shared_sum[token]))
			),
			agree: Uint8Array.from(found.agreement)
		};
	}

	async release(): Promise<void> {
		await this.#session.release();
	}
}

/** The loss of tokens by a model's logits, some tokens at a time. */
export class LogitsLoss {
	readonly #session: InferenceSession;

	private constructor(session: InferenceSession) {
		this.#session = session;
	}

	static async open(): Promise<LogitsLoss> {
		return new LogitsLoss(await createSession(logitsSumGraph()));
	}

	/** Natural-log loss of a window's tokens after the first, [S − 1]. Logits are read where they lie. */
	async of(ids: readonly number[], logits: Logits): Promise<Float64Array> {
		const tokens = ids.length - 1;
		const found = await inParts(this.#session, { model: logits }, tokens, LOGITS_SUM_OUTPUTS);
		return losses(ids, logits, found.model_highest, found.model_sum);
	}

	async release(): Promise<void> {
		await this.#session.release();
	}
}

/** Runs a graph over the logits before each token, so many at once as stay in the cache; outputs are [tokens]. */
async function inParts<Output extends string>(
	session: InferenceSession,
	models: Record<string, Logits>,
	tokens: number,
	outputs: readonly Output[]
): Promise<Record<Output, Float64Array>> {
	const found = Object.fromEntries(
		outputs.map((name) => [name, new Float64Array(tokens)])
	) as Record<Output, Float64Array>;
	const widest = Math.max(...Object.values(models).map(({ vocab }) => vocab));
	const step = Math.max(1, Math.floor(LOGITS_AT_ONCE / widest));
	for (let first = 0; first < tokens; first += step) {
		const end = Math.min(tokens, first + step);
		const feeds: Tensors = {};
		for (const [name, { data, vocab }] of Object.entries(models)) {
			feeds[name] = tensor(data.subarray(first * vocab, end * vocab), [end - first, vocab]);
		}
		const part = await session.run(feeds);
		for (const name of outputs) found[name].set(floats(part, name), first);
		await breathe();
	}
	return found;
}

/** −ln p of each token: log-sum-exp of the logits before it less its own. */
function losses(
	ids: readonly number[],
	{ data, vocab }: Logits,
	highest: Float64Array,
	sum: Float64Array
): Float64Array {
	return highest.map((value, token) => {
		const id = ids[token + 1];
		if (!(id >= 0 && id < vocab)) {
			throw new InputError(
				`token id ${id}: the model has logits of ${vocab} tokens only; expected an id below that`
			);
		}
		return logSum(value, sum[token]) - data[token * vocab + id];
	});
}
