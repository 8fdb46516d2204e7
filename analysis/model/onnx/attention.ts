import { fusedAttention } from './fused.ts';
import { cacheInOne, cacheNames } from './cacheNames.ts';
import type { GraphView } from './graphView.ts';
import { beforeRepeat, headsOf } from './shapes.ts';
import { writtenAttention, type WrittenAttention } from './softmax.ts';
import type { AttentionLayer } from './types.ts';

/**
 * The attention of every layer, in the order of the graph: a layer needs what the one before it made,
 * whatever nodes are called and however the file lists them.
 */
export function findAttention(view: GraphView): AttentionLayer[] {
	const found: Omit<AttentionLayer, 'layer'>[] = [];
	for (const index of view.topologicalOrder()) {
		const written = writtenAttention(view, index);
		const attention = written === null ? fusedAttention(view, index) : asLayer(view, written);
		if (attention !== null) found.push(attention);
	}
	return found.map((attention, layer) => ({ layer, ...attention }));
}

function asLayer(view: GraphView, written: WrittenAttention): Omit<AttentionLayer, 'layer'> {
	const { softmax, probabilities, product, scores } = written;
	const { name, input } = view.node(softmax);
	const [query, key] = view.node(scores).input;
	const value = view.node(product).input[1];
	const [keys, values] = [cacheNames(view, key), cacheNames(view, value)];
	const queryHeads = headsOf(view, query);
	const kept = values.past ?? values.present;
	const cached = headsOf(view, kept ?? beforeRepeat(view, value));
	const inOne = cacheInOne(view, value);
	return {
		form: 'Softmax',
		node: softmax,
		name: name === '' ? `node ${softmax}` : name,
		operator: 'Softmax',
		heads: queryHeads.heads ?? headsOf(view, input[0]).heads,
		kvHeads: cached.heads,
		headDim: cached.headDim ?? queryHeads.headDim,
		window: null,
		probabilities: { how: 'value', value: probabilities },
		product,
		scores,
		values: {
			query,
			key,
			value,
			pastKey: keys.past,
			pastValue: inOne?.past ?? values.past,
			presentKey: keys.present,
			presentValue: inOne?.present ?? values.present
		},
		packed: false,
		sharing: {
			possible: true,
			lost: 'q and k projections, position embedding, scores, softmax and k cache'
		}
	};
}

/** Operators of a graph with how often each occurs, the most frequent first; for a message. */
export function operatorCounts(view: GraphView): { operator: string; count: number }[] {
	const counts = new Map<string, number>();
	for (const { domain, opType } of view.graph.node) {
		const operator = domain === '' || domain === 'ai.onnx' ? opType : `${domain}.${opType}`;
		counts.set(operator, (counts.get(operator) ?? 0) + 1);
	}
	return [...counts]
		.map(([operator, count]) => ({ operator, count }))
		.sort((a, b) => b.count - a.count || a.operator.localeCompare(b.operator));
}
