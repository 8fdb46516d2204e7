import type { InferenceSession } from 'onnxruntime-node';
import type { ModelConfig } from '../model/checkpoint/types.ts';
import { checkFinite } from '../finite.ts';
import { COMPARISON_OUTPUTS, comparisonGraph } from '../graph/comparison.ts';
import { finalNormGraph, vocabularyGraph, vocabularySumGraph } from '../graph/head.ts';
import { PartsCompared, type PartFigures, type TokenComparison } from './comparison.ts';
import { logAddExp, logSum } from './logSum.ts';
import { vocabularyParts } from '../graph/stored.ts';
import type { ResidentModel } from './residentModel.ts';
import { breathe, createSession, floats, tensor, type Tensors } from './session.ts';
import type { VocabularyPart, WeightSource } from './weights.ts';

/** Rows taken at once: what is worked out of their logits then stays in the processor's cache. */
const ROWS_AT_ONCE = 1024;

/** The final norm and output embedding: from the last hidden state to the loss of each token. */
export class LanguageHead {
	readonly #config: ModelConfig;
	readonly #context: number;
	readonly #weights: WeightSource;
	readonly #norm: InferenceSession;
	readonly #normWeights: Tensors;
	/** One session per number of rows: all parts of the vocabulary but the last are equally large. */
	readonly #parts = new Map<string, Promise<InferenceSession>>();

	private constructor(
		config: ModelConfig,
		context: number,
		weights: WeightSource,
		norm: InferenceSession,
		normWeights: Tensors
	) {
		this.#config = config;
		this.#context = context;
		this.#weights = weights;
		this.#norm = norm;
		this.#normWeights = normWeights;
	}

	static async open(
		config: ModelConfig,
		context: number,
		weights: WeightSource
	): Promise<LanguageHead> {
		const norm = await createSession(finalNormGraph(config, context));
		return new LanguageHead(config, context, weights, norm, await weights.finalNorm());
	}

	/**
	 * Natural-log loss of each window's tokens after the first, [windows][S − 1], the vocabulary being read
	 * once for all windows. Throws InputError where one is not finite.
	 */
	async losses(
		windows: readonly { hidden: Float32Array; ids: readonly number[] }[]
	): Promise<Float64Array[]> {
		if (this.#weights.model !== null) return this.#residentLosses(this.#weights.model, windows);
		const { hidden: width } = this.#config;
		const normed = [];
		for (const { hidden } of windows) normed.push(await this.#normed(hidden));
		const logSums = windows.map(() => new Float64Array(this.#context).fill(-Infinity));
		for await (const { count, rows } of smaller(this.#weights.vocabulary(), width)) {
			const session = await this.#session(`sum ${count}`, () =>
				vocabularySumGraph(this.#config, this.#context, count)
			);
			for (const [window, values] of normed.entries()) {
				const outputs = await session.run({
					normed: tensor(values, [this.#context, width]),
					rows: tensor(rows, [count, width])
				});
				const sums = floats(outputs, 'part_sum');
				floats(outputs, 'part_highest').forEach((highest, position) => {
					const part = logSum(highest, sums[position]);
					logSums[window][position] = logAddExp(logSums[window][position], part);
				});
				await breathe();
			}
		}
		const losses: Float64Array[] = [];
		for (const [window, { ids }] of windows.entries()) {
			const targets = await this.#weights.outputRows(ids.slice(1));
			const found = tokenLosses(normed[window], targets, logSums[window], this.#config);
			checkFinite(found, this.#weights.folder, 'the loss');
			losses.push(found);
		}
		return losses;
	}

	/**
	 * Compares the predictions of two models with these output weights, for each window's tokens after the first. The
	 * vocabulary is read once for all windows. `baseline` and `shared` are their last hidden states, [S, hidden]. No
	 * logit leaves onnxruntime but those of the tokens themselves.
	 */
	async compare(
		windows: readonly { baseline: Float32Array; shared: Float32Array; ids: readonly number[] }[]
	): Promise<TokenComparison[]> {
		if (this.#weights.model !== null) return this.#residentComparison(this.#weights.model, windows);
		const { hidden: width } = this.#config;
		const dims = [this.#context, width];
		const normed: { baseline: Float32Array; shared: Float32Array }[] = [];
		for (const { baseline, shared } of windows) {
			normed.push({ baseline: await this.#normed(baseline), shared: await this.#normed(shared) });
		}
		const compared = windows.map(() => new PartsCompared(this.#context));
		for await (const { first, count, rows } of smaller(this.#weights.vocabulary(), width)) {
			const session = await this.#session(`compare ${count}`, () =>
				comparisonGraph(this.#config, this.#context, count)
			);
			for (const [window, { baseline, shared }] of normed.entries()) {
				const outputs = await session.run({
					baseline: tensor(baseline, dims),
					shared: tensor(shared, dims),
					rows: tensor(rows, [count, width])
				});
				const figures = COMPARISON_OUTPUTS.map((name) => [name, floats(outputs, name)]);
				compared[window].add(first, Object.fromEntries(figures) as PartFigures);
				await breathe();
			}
		}
		const comparisons: TokenComparison[] = [];
		for (const [window, { ids }] of windows.entries()) {
			comparisons.push(await this.#compared(compared[window], normed[window], ids));
		}
		return comparisons;
	}

	async #compared(
		parts: PartsCompared,
		normed: { baseline: Float32Array; shared: Float32Array },
		ids: readonly number[]
	): Promise<TokenComparison> {
		const targets = await this.#weights.outputRows(ids.slice(1));
		const losses = (model: 'baseline' | 'shared') =>
			tokenLosses(normed[model], targets, parts.logSums(model), this.#config);
		const [best, other] = [parts.best('baseline'), parts.best('shared')];
		return {
			baseline: losses('baseline'),
			shared: losses('shared'),
			kl: parts.divergence().subarray(0, -1),
			agree: Uint8Array.from(best.subarray(0, -1), (id, at) => Number(id === other[at]))
		};
	}

	/** As `losses`, the whole vocabulary in one run a window. */
	async #residentLosses(
		model: ResidentModel,
		windows: readonly { hidden: Float32Array; ids: readonly number[] }[]
	): Promise<Float64Array[]> {
		const session = await model.losses();
		const dims = [this.#context, this.#config.hidden];
		const losses: Float64Array[] = [];
		for (const { hidden, ids } of windows) {
			const outputs = await session.run({ hidden: tensor(hidden, dims) });
			const targets = await this.#weights.outputRows(ids.slice(1));
			const logSums = vocabularyLogSums(outputs, this.#context);
			const found = tokenLosses(floats(outputs, 'normed'), targets, logSums, this.#config);
			checkFinite(found, this.#weights.folder, 'the loss');
			losses.push(found);
			await breathe();
		}
		return losses;
	}

	/** As `compare`, the whole vocabulary in one run a window. */
	async #residentComparison(
		model: ResidentModel,
		windows: readonly { baseline: Float32Array; shared: Float32Array; ids: readonly number[] }[]
	): Promise<TokenComparison[]> {
		const session = await model.comparison();
		const dims = [this.#context, this.#config.hidden];
		const comparisons: TokenComparison[] = [];
		for (const { baseline, shared, ids } of windows) {
			const outputs = await session.run({
				baseline: tensor(baseline, dims),
				shared: tensor(shared, dims)
			});
			const parts = new PartsCompared(this.#context);
			for (const [index, { first }] of vocabularyParts(this.#config.vocab).entries()) {
				const figures = COMPARISON_OUTPUTS.map((name) => [
					name,
					floats(outputs, name).subarray(index * this.#context, (index + 1) * this.#context)
				]);
				parts.add(first, Object.fromEntries(figures) as PartFigures);
			}
			const normed = {
				baseline: floats(outputs, 'baseline_normed'),
				shared: floats(outputs, 'shared_normed')
			};
			comparisons.push(await this.#compared(parts, normed, ids));
			await breathe();
		}
		return comparisons;
	}

	/** Logits of the last position of a window, [vocab]; for tests and for a look at what the model says. */
	async lastLogits(hidden: Float32Array): Promise<Float32Array> {
		const { hidden: width, vocab } = this.#config;
		const normed = await this.#normed(hidden);
		const logits = new Float32Array(vocab);
		for await (const { first, count, rows } of this.#weights.vocabulary()) {
			const session = await this.#session(`logits ${count}`, () =>
				vocabularyGraph(this.#config, this.#context, count)
			);
			const outputs = await session.run({
				normed: tensor(normed, [this.#context, width]),
				rows: tensor(rows, [count, width])
			});
			logits.set(floats(outputs, 'logits').subarray((this.#context - 1) * count), first);
		}
		return logits;
	}

	async release(): Promise<void> {
		await this.#norm.release();
		for (const session of this.#parts.values()) await (await session).release();
		this.#parts.clear();
	}

	async #normed(hidden: Float32Array): Promise<Float32Array> {
		const outputs = await this.#norm.run({
			hidden: tensor(hidden, [this.#context, this.#config.hidden]),
			...this.#normWeights
		});
		return floats(outputs, 'normed');
	}

	#session(key: string, build: () => Uint8Array): Promise<InferenceSession> {
		let session = this.#parts.get(key);
		if (session === undefined) {
			session = createSession(build());
			this.#parts.set(key, session);
		}
		return session;
	}
}

/** Parts of the vocabulary cut into parts of at most ROWS_AT_ONCE, without copying. */
async function* smaller(
	parts: AsyncIterable<VocabularyPart>,
	width: number
): AsyncGenerator<VocabularyPart> {
	for await (const { first, count, rows } of parts) {
		for (let start = 0; start < count; start += ROWS_AT_ONCE) {
			const end = Math.min(count, start + ROWS_AT_ONCE);
			yield {
				first: first + start,
				count: end - start,
				rows: rows.subarray(start * width, end * width)
			};
		}
	}
}

/** Log-sum-exp of each token's logits, [tokens], from the outputs of `addVocabularySums`. */
export function vocabularyLogSums(
	outputs: InferenceSession.OnnxValueMapType,
	tokens: number
): Float64Array {
	const highest = floats(outputs, 'part_highest');
	const sums = floats(outputs, 'part_sum');
	const logSums = new Float64Array(tokens).fill(-Infinity);
	for (let index = 0; index < highest.length; index++) {
		const token = index % tokens;
		logSums[token] = logAddExp(logSums[token], logSum(highest[index], sums[index]));
	}
	return logSums;
}

/** −ln p of each target: log-sum-exp of the position before it less the target's logit. */
export function tokenLosses(
	normed: Float32Array,
	targets: Float32Array,
	logSums: Float64Array,
	{ hidden: width, scales }: Pick<ModelConfig, 'hidden' | 'scales'>
): Float64Array {
	const { logit: scale, logitCap: cap } = scales;
	const losses = new Float64Array(targets.length / width);
	for (let position = 0; position < losses.length; position++) {
		let product = 0;
		for (let index = position * width; index < (position + 1) * width; index++) {
			product += normed[index] * targets[index];
		}
		const logit = scale * product;
		losses[position] = logSums[position] - (cap === null ? logit : cap * Math.tanh(logit / cap));
	}
	return losses;
}
