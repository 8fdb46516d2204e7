import type { ModelConfig } from '../model/checkpoint/types.ts';
import { BOOL, GraphBuilder, INT64 } from '../proto/builder.ts';
import {
	blockInputs,
	DecoderGraph,
	probabilitiesName,
	rotaryInputs,
	type WeightOf
} from './decoder.ts';

/** Settings that a resident layer's graph is built with. */
export interface ResidentLayer {
	config: ModelConfig;
	/** Query blocks that a window is cut into. */
	blockCount: number;
	/** Adds the layer's weights to the graph. */
	weights: (builder: GraphBuilder) => WeightOf;
	/** Parts with weights in the checkpoint: a follower has none of q and k, a layer without attention none of v and o. */
	has: { attend: boolean; mix: boolean };
	/** True if the layer has a rotary embedding. */
	rotates: boolean;
}

/** Name of the input for block b of the probabilities of another layer. */
export function givenName(block: number): string {
	return `given_${block}`;
}

/**
 * A decoder layer that holds its weights and does what a plan has it do, on windows of any length S. Inputs: hidden
 * [S, hidden]; bools `attends` (its own attention; else `given_b` [1, heads, queryCount, keyCount] of each query block is
 * reused), `drops` (no attention block; `mean_output` [hidden] in its place), `refits` (`refitted_o`
 * [hidden, heads·headDim] in place of the output projection) and `stops` (before the MLP); where it rotates, cos and sin
 * [S, rotaryDims / 2] and positions [1, S]; and of each block its bounds and mask (`blockInputs`). Outputs: `hidden_out` [S, hidden];
 * `probabilities_b` of each block; `attention_out` [S, hidden], what the attention block puts out without its bias.
 */
export function residentLayerGraph({
	config,
	blockCount,
	weights,
	has,
	rotates
}: ResidentLayer): Uint8Array {
	const builder = new GraphBuilder('layer');
	const weight = weights(builder);
	builder.input('hidden', ['tokens', config.hidden]);
	for (const name of ['drops', 'stops', ...(has.mix ? ['refits'] : [])]) {
		builder.input(name, [], BOOL);
	}
	builder.input('mean_output', [config.hidden]);
	const rotary = has.attend && rotates ? rotaryInputs(builder, config, 'tokens') : null;
	const given = has.mix
		? declareAttention(builder, config, blockCount, { attends: has.attend, rotates })
		: [];
	const blocks = Array.from({ length: blockCount }, () => ({
		queryStart: 0,
		queryCount: 0,
		keyStart: 0,
		keyCount: 0
	}));
	const layer = { config, context: 0, blocks, free: true };
	const ofBranch = (branch: GraphBuilder, at: string) =>
		new DecoderGraph(branch, layer, weight, at);

	const dropped = new GraphBuilder('dropped', 'dropped_');
	ofBranch(dropped, 'dropped/').join('attn', 'hidden', 'mean_output', ['dropped_middle']);
	dropped.node('dropped/Sub', 'Sub', ['hidden', 'hidden'], { outputs: ['dropped_attention'] });
	const passed = passOn(dropped, given, 'dropped');

	const outputs = ['middle', 'attention_out', ...given.map((_, block) => probabilitiesName(block))];
	if (!has.mix) {
		ofBranch(builder, 'dropped/').join('attn', 'hidden', 'mean_output', ['middle']);
		builder.node('dropped/Sub', 'Sub', ['hidden', 'hidden'], { outputs: ['attention_out'] });
	} else {
		const mixed = new GraphBuilder('mixed', 'mixed_');
		const graph = ofBranch(mixed, 'mixed/');
		const normed = graph.enter('hidden');
		const probabilities = given.map((_, block) => `mixed_probabilities_${block}`);
		const reused = new GraphBuilder('reused', 'reused_');
		const reusedNames = passOn(reused, given, 'reused');
		if (has.attend) {
			const own = new GraphBuilder('own', 'own_');
			const names = ofBranch(own, 'own/').ownProbabilities(normed, null, rotary);
			mixed.node('attends', 'If', ['attends'], {
				outputs: probabilities,
				attributes: { then_branch: own.branch(names), else_branch: reused.branch(reusedNames) }
			});
		} else passOn(mixed, given, 'mixed');
		const heads = graph.headOutputs(probabilities, graph.values(normed));
		const project = (name: string, o: string) => {
			const branch = new GraphBuilder(name, `${name}_`);
			const product = branch.node(`${name}/Gemm`, 'Gemm', [heads, o], {
				attributes: { transB: 1n }
			});
			return branch.branch([product]);
		};
		const o = weight('o', [config.hidden, config.heads * config.headDim]);
		const attention = mixed.node('refits', 'If', ['refits'], {
			outputs: ['mixed_attention'],
			attributes: {
				then_branch: project('refitted', 'refitted_o'),
				else_branch: project('projected', o)
			}
		});
		const biased = config.outputBias
			? mixed.node('mixed/Bias', 'Add', [attention, weight('oBias', [config.hidden])])
			: attention;
		graph.join('attn', 'hidden', biased, ['mixed_middle']);
		builder.node('drops', 'If', ['drops'], {
			outputs,
			attributes: {
				then_branch: dropped.branch(['dropped_middle', 'dropped_attention', ...passed]),
				else_branch: mixed.branch(['mixed_middle', attention, ...probabilities])
			}
		});
	}
	const fed = new GraphBuilder('fed', 'fed_');
	const state = ofBranch(fed, 'fed/').feedForward('hidden', 'middle', 'fed_state');
	const stopped = new GraphBuilder('stopped', 'stopped_');
	stopped.node('stopped/Identity', 'Identity', ['middle'], { outputs: ['stopped_state'] });
	builder.node('stops', 'If', ['stops'], {
		outputs: ['hidden_out'],
		attributes: { then_branch: stopped.branch(['stopped_state']), else_branch: fed.branch([state]) }
	});
	builder.output('hidden_out', ['tokens', config.hidden]);
	builder.output('attention_out', ['tokens', config.hidden]);
	for (const block of given.keys())
		builder.output(probabilitiesName(block), [
			1,
			config.heads,
			`queries_${block}`,
			`keys_${block}`
		]);
	return builder.build();
}

/** Declares the inputs of the attention block; names of the probabilities that may be given. */
function declareAttention(
	builder: GraphBuilder,
	config: ModelConfig,
	blockCount: number,
	{ attends, rotates }: { attends: boolean; rotates: boolean }
): string[] {
	builder.input('refitted_o', ['refitted', config.heads * config.headDim]);
	if (attends) {
		builder.input('attends', [], BOOL);
		if (rotates) builder.input('positions', [1, 'tokens'], INT64);
	}
	return Array.from({ length: blockCount }, (_, block) => {
		const { queryStart, queryEnd, keyStart, keyEnd, mask } = blockInputs(block);
		for (const name of attends ? [queryStart, queryEnd, keyStart, keyEnd] : [keyStart, keyEnd]) {
			builder.input(name, [1], INT64);
		}
		if (attends) builder.input(mask, [1, 1, `queries_${block}`, `keys_${block}`]);
		return builder.input(givenName(block), [
			1,
			`given_heads`,
			`given_queries_${block}`,
			`given_keys_${block}`
		]);
	});
}

/** Passes the given probabilities on, as values of a branch, `<name>_probabilities_b`. */
function passOn(branch: GraphBuilder, given: readonly string[], name: string): string[] {
	return given.map((each, block) =>
		branch.node(`${name}/Identity_${block}`, 'Identity', [each], {
			outputs: [`${name}_probabilities_${block}`]
		})
	);
}
