import type { LayerRole } from '../model/checkpoint/expected.ts';
import type { ModelConfig } from '../model/checkpoint/types.ts';
import { GraphBuilder, INT64, MICROSOFT, type Dimension } from '../proto/builder.ts';
import { causalMask, type QueryBlock } from './blocks.ts';
import { addActivation } from './activation.ts';
import { addExperts } from './experts.ts';
import { addNorm } from './norm.ts';

/** Settings that the graph of a decoder layer is built with: for one window of a fixed length unless `free`. */
export interface LayerGraph {
	config: ModelConfig;
	/** Tokens in the window, S. */
	context: number;
	blocks: readonly QueryBlock[];
	/**
	 * True if the graph takes windows of any length, in as many blocks. Their bounds, masks and the positions are then
	 * inputs (`blockInputs`), and probabilities are [1, heads, queryCount, keyCount].
	 */
	free?: boolean;
}

/** Inputs of a graph for windows of any length that say where a query block lies, each [1]; and its mask. */
export function blockInputs(block: number) {
	const at = `block_${block}`;
	return {
		queryStart: `${at}_query_start`,
		queryEnd: `${at}_query_end`,
		keyStart: `${at}_key_start`,
		keyEnd: `${at}_key_end`,
		mask: `${at}_mask`
	};
}

/** A layer's weights are inputs of its graph, named by their role. Projections are [out, in], as stored. */
export type LayerWeight = LayerRole;

/** Names of the graph's values for the tables of a rotary embedding. */
export interface RotaryNames {
	cos: string;
	sin: string;
}

/** Declares the tables of a rotary embedding for `tokens` as inputs, their names after `suffix`. */
export function rotaryInputs(
	builder: GraphBuilder,
	{ rotaryDims }: ModelConfig,
	tokens: Dimension,
	suffix = ''
): RotaryNames {
	const [cos, sin] = ['cos', 'sin'].map((name) =>
		builder.input(`${name}${suffix}`, [tokens, rotaryDims / 2])
	);
	return { cos, sin };
}

/** Name of the graph's value that holds block b of the probabilities, [heads, queryCount, keyCount]. */
export function probabilitiesName(block: number): string {
	return `probabilities_${block}`;
}

/** Adds a weight of the given dimensions to a graph and returns the name of its float32 value. */
export type WeightOf = (role: LayerWeight, dims: readonly number[]) => string;

/** The pieces of a decoder layer: those that `attend`, `reuse`, `drop` and graphs with weights in them share. */
export class DecoderGraph {
	readonly builder: GraphBuilder;
	readonly layer: LayerGraph;
	readonly #weight: WeightOf;
	readonly #at: string;

	/** `at` begins the names of nodes, where several layers are in one graph. */
	constructor(builder: GraphBuilder, layer: LayerGraph, weight: WeightOf, at = '') {
		this.builder = builder;
		this.layer = layer;
		this.#weight = weight;
		this.#at = at;
	}

	/** A graph of one layer, whose state `hidden` [S, hidden] and weights are inputs. */
	static ofInputs(name: string, layer: LayerGraph): DecoderGraph {
		const builder = new GraphBuilder(name);
		builder.input('hidden', [layer.context, layer.config.hidden]);
		return new DecoderGraph(builder, layer, (role, dims) => builder.input(role, dims));
	}

	/** One of the layer's norms, over the last axis. */
	norm(
		name: string,
		input: string,
		part: 'inputNorm' | 'attentionNorm' | 'postNorm' | 'mlpNorm' | 'qNorm' | 'kNorm',
		width: number
	): string {
		const { config } = this.layer;
		const { normWeight, normBias } = config.block;
		return addNorm(this.builder, config, `${this.#at}${name}`, input, {
			weight: normWeight ? this.#weight(part, [width]) : null,
			bias: normBias ? this.#weight(`${part}Bias`, [width]) : null,
			width
		});
	}

	/** Returns the input of the attention block, [S, hidden]: the state before the layer, normed if `normsBefore`. */
	enter(hidden: string): string {
		const { config } = this.layer;
		return config.block.normsBefore
			? this.norm('attn/norm', hidden, 'inputNorm', config.hidden)
			: hidden;
	}

	/** Adds what attention or MLP put out to the state [S, hidden]; the value's name is `outputs[0]` where it is given. */
	join(at: 'attn' | 'mlp', state: string, output: string, outputs?: string[]): string {
		const { block, scales, hidden } = this.layer.config;
		const part = at === 'attn' ? 'attentionNorm' : 'mlpNorm';
		const normed = block.normsAfter ? this.norm(`${at}/out_norm`, output, part, hidden) : output;
		const scaled =
			scales.residual === 1
				? normed
				: this.builder.node(`${this.#at}${at}/Scale`, 'Mul', [
						normed,
						this.builder.scalar(scales.residual)
					]);
		return this.builder.node(`${this.#at}${at}/Residual`, 'Add', [state, scaled], {
			...(outputs !== undefined && { outputs })
		});
	}

	/** x·Wᵀ + b: [S, in] → [S, out]. */
	linear(
		name: string,
		input: string,
		weight: 'q' | 'k' | 'v' | 'o' | 'gate' | 'up' | 'down',
		outWidth: number,
		inWidth: number,
		bias: boolean
	): string {
		const inputs = [input, this.#weight(weight, [outWidth, inWidth])];
		if (bias) inputs.push(this.#weight(`${weight}Bias`, [outWidth]));
		return this.builder.node(`${this.#at}${name}/Gemm`, 'Gemm', inputs, {
			attributes: { transB: 1n }
		});
	}

	/** [S, count·headDim] → [1, S, count, headDim]. */
	splitHeads(name: string, input: string, count: number): string {
		return this.builder.node(`${this.#at}${name}/SplitHeads`, 'Reshape', [
			input,
			this.builder.integers(1, -1, count, this.layer.config.headDim)
		]);
	}

	/** [1, S, count, headDim] → [1, count, S, headDim]. */
	headsFirst(name: string, input: string): string {
		return this.builder.node(`${this.#at}${name}/HeadsFirst`, 'Transpose', [input], {
			attributes: { perm: [0n, 2n, 1n, 3n] }
		});
	}

	/** Tokens of [1, heads, S, headDim]: the queries of a block, or the keys that they may see. */
	tokens(name: string, input: string, which: 'query' | 'key', block: number): string {
		const { builder } = this;
		const { context, blocks, free } = this.layer;
		const [start, count] =
			which === 'query'
				? [blocks[block].queryStart, blocks[block].queryCount]
				: [blocks[block].keyStart, blocks[block].keyCount];
		if (!free && start === 0 && count === context) return input;
		const named = blockInputs(block);
		const bounds = free
			? [named[`${which}Start`], named[`${which}End`]]
			: [builder.integers(start), builder.integers(start + count)];
		return builder.node(`${this.#at}${name}/Tokens`, 'Slice', [
			input,
			...bounds,
			builder.integers(2)
		]);
	}

	/** The values of every head, [1, kvHeads, S, headDim]. */
	values(normed: string): string {
		const { config } = this.layer;
		const width = config.kvHeads * config.headDim;
		const projected = this.linear('attn/v_proj', normed, 'v', width, config.hidden, config.qkvBias);
		return this.headsFirst('attn/v', this.splitHeads('attn/v', projected, config.kvHeads));
	}

	/**
	 * Everything after the probabilities: P·V block by block, output projection, residual, then the MLP.
	 * `probabilities[b]` is [heads, queryCount, keyCount]; the graph's output `hidden_out` is [S, hidden].
	 */
	finish(probabilities: readonly string[], values: string): void {
		const output = this.mix(probabilities, values, this.layer.config.outputBias);
		this.exposeHidden(this.join('attn', 'hidden', output));
	}

	/** The MLP after `middle`; what comes out is the graph's output `hidden_out` [S, hidden]. */
	exposeHidden(middle: string): void {
		const { context, config } = this.layer;
		this.feedForward('hidden', middle, 'hidden_out');
		this.builder.output('hidden_out', [context, config.hidden]);
	}

	/**
	 * The layer's own probabilities of each query block, [heads, queryCount, keyCount], from what `enter` gives. `slidingWindow`
	 * null: a query sees every key before it; `rotary` names the tables [S, rotaryDims / 2] of the layer's rotary embedding, null:
	 * it has none.
	 */
	ownProbabilities(
		normed: string,
		slidingWindow: number | null,
		rotary: RotaryNames | null
	): string[] {
		const { queries, keys } = this.queriesAndKeys(normed, rotary);
		return this.probabilitiesOf(queries, keys, slidingWindow);
	}

	/** Queries [1, heads, S, headDim] and keys [1, kvHeads, S, headDim], turned by their positions. */
	queriesAndKeys(normed: string, rotary: RotaryNames | null): { queries: string; keys: string } {
		const { config } = this.layer;
		const { heads, kvHeads, headDim } = config;
		const norms = config.qkNorm ? config.block.qkNormOver : null;

		/** Projection, rotary embedding, and a norm where the model has one: [S, hidden] → [1, count, S, headDim]. */
		const project = (role: 'q' | 'k', count: number): string => {
			const at = `attn/${role}`;
			const width = count * headDim;
			const { hidden, qkvBias } = config;
			const projected = this.linear(`${at}_proj`, normed, role, width, hidden, qkvBias);
			const whole =
				norms === 'all heads' ? this.norm(at, projected, `${role}Norm`, width) : projected;
			const split = this.splitHeads(at, whole, count);
			const scaled = norms === 'head' ? this.norm(at, split, `${role}Norm`, headDim) : split;
			const rotated = this.#rotate(at, this.headsFirst(at, scaled), count, rotary);
			return norms === 'rotated head' ? this.norm(at, rotated, `${role}Norm`, headDim) : rotated;
		};
		return { queries: project('q', heads), keys: project('k', kvHeads) };
	}

	/** Softmax of the masked scores of each query block, [heads, queryCount, keyCount], from all queries and keys. */
	probabilitiesOf(queries: string, keys: string, slidingWindow: number | null): string[] {
		const { builder } = this;
		const { config, blocks, free } = this.layer;
		const { heads, kvHeads, headDim, scales } = config;
		const alpha = scales.scoreCap === null ? scales.score : scales.score / scales.scoreCap;

		const sinks = config.sinks
			? builder.node(`${this.#at}attn/Sinks`, 'Reshape', [
					this.#weight('sinks', [heads]),
					builder.integers(heads, 1, 1)
				])
			: null;

		return blocks.map((block, index) => {
			const at = `attn/block_${index}`;
			// Heads of one group share keys: their queries are stacked as rows, head = kvHead·group + member.
			const grouped = builder.node(`${this.#at}${at}/GroupQueries`, 'Reshape', [
				this.tokens(`${at}/q`, queries, 'query', index),
				builder.integers(1, kvHeads, -1, headDim)
			]);
			const scores = builder.node(
				`${this.#at}${at}/Scores`,
				'FusedMatMul',
				[grouped, this.tokens(`${at}/k`, keys, 'key', index)],
				{ domain: MICROSOFT, attributes: { alpha, transB: 1n } }
			);
			const perHead = builder.node(`${this.#at}${at}/HeadScores`, 'Reshape', [
				scores,
				free
					? builder.integers(1, heads, -1, 0)
					: builder.integers(heads, block.queryCount, block.keyCount)
			]);
			// One constant for all layers with the same sliding window.
			const mask = free
				? blockInputs(index).mask
				: builder.constant(
						`mask_${slidingWindow ?? 'all'}_${index}`,
						causalMask(block, slidingWindow),
						[1, block.queryCount, block.keyCount]
					);
			const masked = builder.node(`${this.#at}${at}/Mask`, 'Add', [
				this.#capped(at, perHead),
				mask
			]);
			const outputs = [`${this.#at}${probabilitiesName(index)}`];
			return sinks !== null
				? this.#withSink(at, masked, sinks, outputs)
				: builder.node(`${this.#at}${at}/Softmax`, 'Softmax', [masked], {
						outputs,
						attributes: { axis: -1n }
					});
		});
	}

	/** Softmax over the keys and one more score a head, whose probability is left out (gpt-oss). */
	#withSink(name: string, masked: string, sinks: string, outputs: string[]): string {
		const { builder } = this;
		const at = `${this.#at}${name}`;
		const highest = builder.node(`${at}/Highest`, 'ReduceMax', [masked, builder.integers(-1)]);
		const zeros = builder.node(`${at}/Zeros`, 'Mul', [highest, builder.scalar(0)]);
		const column = builder.node(`${at}/Sink`, 'Add', [zeros, sinks]);
		const last = { attributes: { axis: -1n } };
		const all = builder.node(`${at}/WithSink`, 'Concat', [masked, column], last);
		const softmax = builder.node(`${at}/Softmax`, 'Softmax', [all], last);
		return builder.node(
			`${at}/Keys`,
			'Slice',
			[softmax, builder.integers(0), builder.integers(-1), builder.integers(-1)],
			{ outputs }
		);
	}

	/** Queries or keys [1, count, S, headDim], turned by their positions. */
	#rotate(at: string, heads: string, count: number, rotary: RotaryNames | null): string {
		if (rotary === null) return heads;
		const { builder } = this;
		const { config, context, free } = this.layer;
		const { rotaryDims, headDim, block } = config;
		const positions = free
			? 'positions'
			: builder.constant(
					'positions',
					Array.from({ length: context }, (_, position) => BigInt(position)),
					[1, context]
				);
		const inputs = [heads, positions, rotary.cos, rotary.sin];
		return builder.node(`${this.#at}${at}/Rotary`, 'RotaryEmbedding', inputs, {
			domain: MICROSOFT,
			attributes: {
				...(block.rotaryInterleaved && { interleaved: 1n }),
				...(rotaryDims < headDim && {
					rotary_embedding_dim: BigInt(rotaryDims),
					num_heads: BigInt(count)
				})
			}
		});
	}

	/** Scores bounded as the model has it; they were divided by the bound before. */
	#capped(at: string, scores: string): string {
		const { scoreCap } = this.layer.config.scales;
		if (scoreCap === null) return scores;
		const bounded = this.builder.node(`${this.#at}${at}/Tanh`, 'Tanh', [scores]);
		return this.builder.node(`${this.#at}${at}/Cap`, 'Mul', [
			bounded,
			this.builder.scalar(scoreCap)
		]);
	}

	/**
	 * Inputs for the probabilities of another layer, `probabilities_b` [heads, queryCount, keyCount] of each query
	 * block; with `mapped` and an input `head_map` [heads] that names the source's head for each of this layer's.
	 */
	givenProbabilities(mapped: boolean): string[] {
		const { builder } = this;
		const { config, blocks } = this.layer;
		if (mapped) builder.input('head_map', [config.heads], INT64);
		return blocks.map((block, index) => {
			const name = probabilitiesName(index);
			builder.input(name, [config.heads, block.queryCount, block.keyCount]);
			if (!mapped) return name;
			return builder.node(`attn/block_${index}/MapHeads`, 'Gather', [name, 'head_map'], {
				attributes: { axis: 0n }
			});
		});
	}

	/** Heads' outputs and the output projection, with or without its bias: what the attention block puts out, [S, hidden]. */
	mix(probabilities: readonly string[], values: string, bias: boolean): string {
		return this.project(this.headOutputs(probabilities, values), bias);
	}

	/** The output projection of the heads' outputs: [S, heads·headDim] → [S, hidden]. */
	project(headOutputs: string, bias: boolean): string {
		const { hidden, heads, headDim } = this.layer.config;
		return this.linear('attn/o_proj', headOutputs, 'o', hidden, heads * headDim, bias);
	}

	/** P·V block by block, all heads side by side: [S, heads·headDim]. */
	headOutputs(probabilities: readonly string[], values: string): string {
		const { builder } = this;
		const { config, blocks, free } = this.layer;
		const group = config.heads / config.kvHeads;
		const mixed = blocks.map((block, index) => {
			const at = `attn/block_${index}`;
			const grouped = builder.node(`${this.#at}${at}/GroupRows`, 'Reshape', [
				probabilities[index],
				free
					? builder.integers(1, config.kvHeads, -1, 0)
					: builder.integers(1, config.kvHeads, group * block.queryCount, block.keyCount)
			]);
			const product = builder.node(`${this.#at}${at}/MixValues`, 'MatMul', [
				grouped,
				this.tokens(`${at}/v`, values, 'key', index)
			]);
			return builder.node(`${this.#at}${at}/HeadRows`, 'Reshape', [
				product,
				builder.integers(1, config.heads, -1, config.headDim)
			]);
		});
		const joined =
			mixed.length === 1
				? mixed[0]
				: builder.node(`${this.#at}attn/Concat`, 'Concat', mixed, { attributes: { axis: 2n } });
		return builder.node(`${this.#at}attn/JoinHeads`, 'Reshape', [
			this.headsFirst('attn/out', joined),
			builder.integers(-1, config.heads * config.headDim)
		]);
	}

	/**
	 * The MLP and its residual, [S, hidden], from the state before the layer and the one after the attention block; the
	 * value's name is `name`.
	 */
	feedForward(hidden: string, middle: string, name: string): string {
		const { builder } = this;
		const { config } = this.layer;
		const { block } = config;
		const read = block.parallel ? hidden : middle;
		const normed = block.normsBefore
			? this.norm('mlp/norm', read, 'postNorm', config.hidden)
			: read;
		if (config.experts !== null) {
			const mixed = addExperts(builder, `${this.#at}mlp/`, config, normed, this.#weight);
			return this.join('mlp', middle, mixed, [name]);
		}
		const [wide, narrow, bias] = [config.intermediate, config.hidden, config.mlpBias];
		const up = this.linear('mlp/up_proj', normed, 'up', wide, narrow, bias);
		let widened: string;
		if (block.gated) {
			const gate = this.linear('mlp/gate_proj', normed, 'gate', wide, narrow, bias);
			widened = builder.node(`${this.#at}mlp/Mul`, 'Mul', [this.#activate(gate), up]);
		} else widened = this.#activate(up);
		const down = this.linear('mlp/down_proj', widened, 'down', narrow, wide, bias);
		return this.join('mlp', middle, down, [name]);
	}

	#activate(input: string): string {
		return addActivation(this.builder, `${this.#at}mlp/`, this.layer.config.block, input);
	}
}
