import type { GraphView } from './graphView.ts';
import type { LazyGraph } from './lazyGraph.ts';
import { broadcastAt, UnknownValueError, type LazyValue } from './lazyValue.ts';
import type { AttentionLayer } from './types.ts';

/** Returns true if some head lets a query see a key. */
export type Sees = (query: number, key: number) => boolean;

/** Added to a score, this or less makes a probability 0; exporters write −10000, the least float, or minus infinity. */
const HIDING = -9000;
/** Operators between the scores and the softmax that neither hide keys nor move them. */
const PLAIN = ['Mul', 'Div', 'Cast', 'Tanh', 'Identity'];
/** Operators on the way that a walk stops at: more are not attention as exporters write it. */
const LONGEST_WAY = 32;
/** Inputs that hold a mask. */
const STANDARD_MASK = 3;
const MULTI_HEAD_BIAS = 5;
const GROUP_QUERY_BIAS = 10;
const CONTRIB_MASK = 3;
const CONTRIB_BIAS = 5;

/**
 * Finds the masks in a layer's graph, besides the rule that no key is later than its query. Throws UnknownValueError
 * where they do not follow from the graph.
 */
export function masksOf(view: GraphView, layer: AttentionLayer, graph: LazyGraph): Sees[] {
	if (layer.form === 'Softmax') return writtenMasks(view, layer, graph);
	const { input } = view.node(layer.node);
	const masked = (place: number): Sees[] =>
		input[place] ? [seesBy(graph.value(input[place]))] : [];
	const { window } = layer;
	switch (layer.form) {
		case 'Attention':
			return masked(STANDARD_MASK);
		case 'GroupQueryAttention':
			return [
				...(window === null ? [] : [(query: number, key: number) => query - key < window]),
				...masked(GROUP_QUERY_BIAS)
			];
		case 'MultiHeadAttention':
			return masked(MULTI_HEAD_BIAS);
		case 'contribAttention':
			return [...contribMask(input[CONTRIB_MASK] || null, graph), ...masked(CONTRIB_BIAS)];
		case 'unsupported':
			throw new UnknownValueError(layer.operator);
	}
}

/** From the softmax up to the product of queries and keys. */
function writtenMasks(view: GraphView, layer: AttentionLayer, graph: LazyGraph): Sees[] {
	const masks: Sees[] = [];
	const leads = (value: string): boolean => leadsTo(view, value, layer.scores);
	let value = view.node(layer.node).input[0];
	for (let step = 0; step < LONGEST_WAY; step++) {
		const index = view.producer(value);
		if (index === null) break;
		if (index === layer.scores) return masks;
		const { opType, input } = view.node(index);
		const on = input.filter(leads);
		if (on.length !== 1) break;
		const [scores] = on;
		if (opType === 'Add') {
			const [mask] = input.filter((each) => each !== scores);
			masks.push(seesBy(graph.value(mask)));
		} else if (opType === 'Where') {
			const kept = input[1] === scores ? 1 : 0;
			const condition = graph.value(input[0]);
			const other = graph.value(kept === 1 ? input[2] : input[1]);
			masks.push(
				anyHead(condition, (at) => at(condition) === kept || !isHiding(at(other)), [other])
			);
		} else if (!PLAIN.includes(opType)) break;
		value = scores;
	}
	throw new UnknownValueError(`${layer.name}: what stands before the softmax`);
}

/** Returns true if a value comes from a node, by way of scores. */
function leadsTo(view: GraphView, value: string, node: number | null): boolean {
	const seen = new Set([value]);
	for (const each of seen) {
		if (seen.size > LONGEST_WAY) return false;
		const index = view.producer(each);
		if (index === null) continue;
		if (index === node) return true;
		const { opType, input } = view.node(index);
		if (['Add', 'Where', ...PLAIN].includes(opType)) for (const next of input) seen.add(next);
	}
	return false;
}

/** A mask of booleans shows what is true; one of numbers is added to the scores. */
function seesBy(mask: LazyValue): Sees {
	return anyHead(mask, (at) => (mask.kind === 'boolean' ? at(mask) !== 0 : !isHiding(at(mask))));
}

/** com.microsoft Attention: 1 where a key may be seen; [B, keys] says nothing of queries. */
function contribMask(name: string | null, graph: LazyGraph): Sees[] {
	const mask = name === null ? null : graph.value(name);
	if (mask?.dims.length !== 3) return [];
	return [(query, key) => mask.at([0, query, key]) > 0];
}

function anyHead(
	mask: LazyValue,
	shows: (at: (value: LazyValue) => number) => boolean,
	others: readonly LazyValue[] = []
): Sees {
	const heads = Math.max(...[mask, ...others].map(({ dims }) => dims.at(-3) ?? 1));
	return (query, key) => {
		for (let head = 0; head < heads; head++) {
			if (shows((value) => broadcastAt(value, [0, head, query, key]))) return true;
		}
		return false;
	};
}

function isHiding(value: number): boolean {
	return value <= HIDING;
}
