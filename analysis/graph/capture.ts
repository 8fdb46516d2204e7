import { meanOutputName } from '../model/checkpoint/expected.ts';
import type { Checkpoint } from '../model/checkpoint/types.ts';
import { GraphBuilder } from '../proto/builder.ts';
import { blockEntries, type QueryBlock } from './blocks.ts';
import { DecoderGraph, rotaryInputs } from './decoder.ts';
import {
	addStatistics,
	type BlockStatistics,
	type CapturedRows,
	type GramPiece
} from './statistics.ts';
import { StoredWeights } from './stored.ts';
import { addVocabularySums, headWeights } from './vocabulary.ts';

/** Settings of a graph that captures a window's attention statistics, and the place of its weights. */
export interface CaptureGraph {
	checkpoint: Checkpoint;
	/** Tokens in a window, S. */
	context: number;
	blocks: readonly QueryBlock[];
	/** Of each query block. */
	statistics: readonly BlockStatistics[];
	/** Name of a file of the checkpoint as the session finds it. */
	locationOf: (file: string) => string;
	/** True if products over a window's entries are cut into parts, for a GPU. */
	split: boolean;
}

/**
 * About as many rows of probabilities as one product of the Gram matrix takes on either side: matrices in the upper
 * triangle are made and mirrored, which saves nearly half the products; narrower ones take longer than they save.
 */
const ROWS_OF_A_PRODUCT = 64;
const MOST_GROUPS = 4;

/** Layers whose probabilities are one side of a product: [first, end) of each group. */
export function layerGroups(layers: number, heads: number): { first: number; end: number }[] {
	const wanted = Math.floor((layers * heads) / ROWS_OF_A_PRODUCT);
	const count = Math.max(1, Math.min(MOST_GROUPS, layers, wanted));
	return Array.from({ length: count }, (_, group) => ({
		first: Math.round((group * layers) / count),
		end: Math.round(((group + 1) * layers) / count)
	}));
}

/** Prefix of what concerns one query block. */
export function blockPrefix(block: number): string {
	return `block_${block}/`;
}

/** Ends the names of the tables of a set of rotary frequencies. */
export function rotarySuffix(set: number): string {
	return set === 0 ? '' : `_${set}`;
}

/** Name of the Gram sums of two groups of layers: of P, or of √P. */
export function gramName(view: string, which: 'gram' | 'sqrt', piece: Omit<GramPiece, 'name'>) {
	return `${view}.${which}.${piece.first}_${piece.second}`;
}

/**
 * A whole model with its weights, and everything that `analyze` reads of a window: the probabilities of all layers stay
 * inside. Inputs: hidden [S, hidden], the embedded tokens; of each set of rotary frequencies cos and sin
 * [S, rotaryDims / 2], their names before `rotarySuffix`; running sums (`addStatistics`).
 * Outputs: per view and pair of groups of layers the Gram sums (`gramName`) over all blocks; of each block what
 * `addStatistics` puts out, its name after `blockPrefix`; `states` [layers + 1], the sum of the hidden state before
 * the first and after every layer, which is no number where one of its entries is none; and what the losses are made of
 * (`addVocabularySums`). Layers that follow others, or have no attention, by the model's own making do so here.
 */
export function captureGraph(wanted: CaptureGraph): Uint8Array {
	const { checkpoint, context, blocks } = wanted;
	const { config } = checkpoint;
	const builder = new GraphBuilder('capture');
	const weights = new StoredWeights(builder, checkpoint, wanted.locationOf);
	let hidden = builder.input('hidden', [context, config.hidden]);
	const rotaries = config.rotaries.map((_, set) =>
		rotaryInputs(builder, config, context, rotarySuffix(set))
	);

	const states = [hidden];
	/** [layers][blocks]: names of [heads, queryCount, keyCount]. */
	const probabilities: string[][] = [];
	for (let layer = 0; layer < config.layers; layer++) {
		const at = `layer_${layer}/`;
		const graph = new DecoderGraph(builder, { config, context, blocks }, weights.layer(layer), at);
		const source = config.shared === null ? layer : config.shared.sources[layer];
		let middle = hidden;
		if (source === null) {
			probabilities.push(blocks.map((block) => noAttention(builder, config.heads, block)));
			const mean = meanOutputName(config, layer);
			if (weights.has(mean)) {
				middle = graph.join('attn', hidden, weights.tensor(mean));
			}
		} else {
			const normed = graph.enter(hidden);
			const set = config.rotaryOf[layer];
			const own =
				source === layer
					? graph.ownProbabilities(
							normed,
							config.slidingWindows[layer],
							set === null ? null : rotaries[set]
						)
					: mapped(builder, at, probabilities[source], config.shared?.headMaps[layer] ?? null);
			probabilities.push(own);
			const output = graph.mix(own, graph.values(normed), config.outputBias);
			middle = graph.join('attn', hidden, output);
		}
		hidden = graph.feedForward(hidden, middle, `${at}hidden_out`);
		states.push(hidden);
	}

	addStates(builder, states);
	addVocabularySums(builder, config, { hidden, ...headWeights(weights) }, context);
	const groups = layerGroups(config.layers, config.heads);
	const pieces = new Map<string, string[]>();
	for (const [index, statistics] of wanted.statistics.entries()) {
		const entries = blockEntries(blocks[index]);
		const rows = groups.map(({ first, end }): CapturedRows => {
			const at = `${blockPrefix(index)}rows_${first}`;
			const joined = builder.node(
				`${at}/Concat`,
				'Concat',
				probabilities.slice(first, end).map((ofLayer) => ofLayer[index]),
				{ attributes: { axis: 0n } }
			);
			const count = (end - first) * config.heads;
			return {
				name: builder.node(`${at}/Flat`, 'Reshape', [joined, builder.integers(count, entries)]),
				rows: count
			};
		});
		const { grams, roots } = addStatistics(builder, rows, statistics, {
			at: blockPrefix(index),
			split: wanted.split
		});
		for (const [which, found] of [
			['gram', grams],
			['sqrt', roots]
		] as const) {
			for (const [view, ofView] of found) {
				for (const piece of ofView) {
					const name = gramName(view, which, piece);
					pieces.set(name, [...(pieces.get(name) ?? []), piece.name]);
				}
			}
		}
	}
	for (const [name, ofBlocks] of pieces) {
		builder.node(`${name}/Sum`, 'Sum', ofBlocks, { outputs: [name] });
		builder.output(name, ['rows', 'columns']);
	}
	return builder.build();
}

/** Sums of hidden states, one each, side by side. */
function addStates(builder: GraphBuilder, states: readonly string[]): void {
	const sums = states.map((name, index) =>
		builder.node(`state_${index}/Sum`, 'ReduceSum', [name, builder.integers(0, 1)], {
			attributes: { keepdims: 0n }
		})
	);
	const rows = sums.map((name, index) =>
		builder.node(`state_${index}/Row`, 'Unsqueeze', [name, builder.integers(0)])
	);
	builder.node('states', 'Concat', rows, { outputs: ['states'], attributes: { axis: 0n } });
	builder.output('states', [states.length]);
}

/** A follower's probabilities: its source's, the heads mapped or in their places (null). */
function mapped(
	builder: GraphBuilder,
	at: string,
	source: readonly string[],
	headMap: readonly number[] | null
): string[] {
	if (headMap === null) return [...source];
	const heads = builder.integers(...headMap);
	return source.map((name, block) =>
		builder.node(`${at}attn/block_${block}/MapHeads`, 'Gather', [name, heads], {
			attributes: { axis: 0n }
		})
	);
}

/** Probabilities of a layer without attention: zeros, [heads, queryCount, keyCount]. */
function noAttention(builder: GraphBuilder, heads: number, block: QueryBlock): string {
	const zeros = new Float32Array(heads * blockEntries(block));
	return builder.constant(`no_attention_${block.queryStart}`, zeros, [
		heads,
		block.queryCount,
		block.keyCount
	]);
}
