import { FLOAT, type GraphBuilder } from '../../analysis/proto/builder.ts';

/** Of the small decoder. */
export const SIZES = { layers: 3, heads: 4, kvHeads: 2, headDim: 8, hidden: 32 };
const { heads: HEADS, kvHeads: KV_HEADS, headDim: HEAD_DIM } = SIZES;
/** Positions that its mask has. */
export const LONGEST = 64;

export interface Projected {
	query: string;
	key: string;
	value: string;
}

/** `past_key_values.N.key`, of any length; N is the last number in the layer's name. */
export function cacheInput(graph: GraphBuilder, name: string, kind: string): string {
	const layer = /\d+$/.exec(name)?.[0] ?? name;
	return graph.input(`past_key_values.${layer}.${kind}`, ['batch', KV_HEADS, 'past', HEAD_DIM]);
}

/** Attention written out, as torch.onnx writes it: scale, mask, softmax, guard, product. */
export function writtenOut(
	graph: GraphBuilder,
	name: string,
	{ query, key, value }: Projected,
	guarded: boolean,
	inputs: readonly string[]
): string {
	const split = (what: string, input: string, heads: number) => {
		const shape = graph.integers(0, -1, heads, HEAD_DIM);
		const parts = graph.node(`${name}.${what}.split`, 'Reshape', [input, shape]);
		const attributes = { perm: [0n, 2n, 1n, 3n] };
		return graph.node(`${name}.${what}.heads`, 'Transpose', [parts], { attributes });
	};
	const cached = (kind: string, fresh: string) => {
		if (!inputs.includes('past')) return fresh;
		const past = cacheInput(graph, name, kind);
		const present = past.replace('past_key_values', 'present');
		graph.node(`${name}.${kind}.cache`, 'Concat', [past, fresh], {
			attributes: { axis: 2n },
			outputs: [present]
		});
		graph.output(present, ['batch', KV_HEADS, 'total', HEAD_DIM]);
		return present;
	};
	const repeated = (what: string, input: string) => {
		const apart = graph.node(`${name}.${what}.apart`, 'Unsqueeze', [input, graph.integers(2)]);
		const times = graph.integers(1, 1, HEADS / KV_HEADS, 1, 1);
		const more = graph.node(`${name}.${what}.repeat`, 'Expand', [apart, times]);
		const shape = graph.integers(0, HEADS, -1, HEAD_DIM);
		return graph.node(`${name}.${what}.all`, 'Reshape', [more, shape]);
	};
	const queries = split('q', query, HEADS);
	const keys = repeated('k', cached('key', split('k', key, KV_HEADS)));
	const values = repeated('v', cached('value', split('v', value, KV_HEADS)));
	const turned = graph.node(`${name}.turned`, 'Transpose', [keys], {
		attributes: { perm: [0n, 1n, 3n, 2n] }
	});
	const scores = graph.node(`${name}.scores`, 'MatMul', [queries, turned]);
	const scale = graph.scalar(1 / Math.sqrt(HEAD_DIM));
	const scaled = graph.node(`${name}.scaled`, 'Mul', [scores, scale]);
	const masked = graph.node(`${name}.masked`, 'Add', [scaled, causalMask(graph, name)]);
	let probabilities = graph.node(`${name}.softmax`, 'Softmax', [masked], {
		attributes: { axis: -1n }
	});
	if (guarded) {
		const missing = graph.node(`${name}.isnan`, 'IsNaN', [probabilities]);
		const none = graph.scalar(0);
		probabilities = graph.node(`${name}.guard`, 'Where', [missing, none, probabilities]);
		probabilities = graph.node(`${name}.cast`, 'Cast', [probabilities], {
			attributes: { to: BigInt(FLOAT) }
		});
	}
	const mixed = graph.node(`${name}.mixed`, 'MatMul', [probabilities, values]);
	const together = graph.node(`${name}.together`, 'Transpose', [mixed], {
		attributes: { perm: [0n, 2n, 1n, 3n] }
	});
	return graph.node(`${name}.joined`, 'Reshape', [together, graph.integers(0, 0, -1)]);
}

/** The part of a causal mask that the tokens need. */
function causalMask(graph: GraphBuilder, name: string): string {
	const whole = Float32Array.from({ length: LONGEST * LONGEST }, (_, at) =>
		at % LONGEST <= Math.floor(at / LONGEST) ? 0 : -Infinity
	);
	const mask = graph.constant('mask', whole, [1, 1, LONGEST, LONGEST]);
	const shape = graph.node(`${name}.mask.shape`, 'Shape', ['input_ids']);
	const tokens = graph.node(`${name}.mask.tokens`, 'Slice', [
		shape,
		graph.integers(1),
		graph.integers(2)
	]);
	const ends = graph.node(`${name}.mask.ends`, 'Concat', [tokens, tokens], {
		attributes: { axis: 0n }
	});
	const starts = graph.integers(0, 0);
	return graph.node(`${name}.mask`, 'Slice', [mask, starts, ends, graph.integers(2, 3)]);
}
