/** Form in which attention is written in a graph. */
export type AttentionForm =
	| 'Softmax'
	| 'Attention'
	| 'GroupQueryAttention'
	| 'MultiHeadAttention'
	/** com.microsoft's Attention, which projects q, k and v itself. */
	| 'contribAttention'
	| 'unsupported';

/** The place in the graph that a layer's probabilities come from. */
export type Probabilities =
	/** A value of the graph holds them, [B, H, S, keys]. */
	| { how: 'value'; value: string }
	/** The node's fourth output holds them where an attribute asks for it. */
	| { how: 'output'; attribute: { name: string; value: number } }
	/** The node's fourth output holds the scores, mask included, and a softmax is to follow. */
	| { how: 'scores' }
	/** The node is written out in standard operators, and a value of these holds them. */
	| { how: 'written' }
	/** They cannot be had. */
	| { how: 'none'; reason: string };

/** Names of values that a layer's attention takes and makes; null: the graph has no such value of its own. */
export interface AttentionValues {
	/** The queries that the product with the keys takes, or the node's own input. */
	query: string | null;
	/** The keys; transposed, [B, H, D, keys], where the form is Softmax. */
	key: string | null;
	/** The values that the probabilities are multiplied with, [B, H, keys, D], or the node's own input. */
	value: string | null;
	/** Inputs and outputs of the graph that hold the cache; of keys null where values lie in the same. */
	pastKey: string | null;
	pastValue: string | null;
	presentKey: string | null;
	presentValue: string | null;
}

/** The attention of one layer, as far as the graph tells. Nodes are indices in the proto. */
export interface AttentionLayer {
	layer: number;
	form: AttentionForm;
	/** The Softmax, or the node that is the whole attention. */
	node: number;
	name: string;
	/** Operator of that node, with its domain where it is no standard one: "com.microsoft.GroupQueryAttention". */
	operator: string;
	heads: number | null;
	kvHeads: number | null;
	headDim: number | null;
	/** Keys a query sees at most, as an attribute says; null: no attribute says so. */
	window: number | null;
	probabilities: Probabilities;
	/** The MatMul of probabilities and values; null: it is inside the node. */
	product: number | null;
	/** The MatMul of queries and keys; null: it is inside the node. */
	scores: number | null;
	values: AttentionValues;
	/** True if q, k and v come in one value, side by side: `values.query`. */
	packed: boolean;
	/** Ability of the layer to follow another, with the loss if it does or the reason why it cannot. */
	sharing: { possible: true; lost: string } | { possible: false; reason: string };
}
