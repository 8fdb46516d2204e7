import type { DecoderConfig } from './config.ts';
import type { GraphView } from './graphView.ts';
import type { GraphInput } from './inputs.ts';
import { LazyGraph } from './lazyGraph.ts';
import { UnknownValueError } from './lazyValue.ts';
import { masksOf, type Sees } from './masks.ts';
import type { AttentionLayer } from './types.ts';

/** Keys that a layer's queries see at most; null: all before them. */
export interface LayerWindow {
	tokens: number | null;
	/** Source of the number: the graph, or config.json alone, which a graph need not follow. */
	from: 'graph' | 'config.json' | 'nothing';
}

/** The sliding windows of a model's layers. */
export interface Windows {
	layers: LayerWindow[];
	/** Tokens of the window that the graph was asked about: it says nothing of wider windows. */
	within: number;
	/** Disagreements between config.json and the graph, and windows that cannot be told; a line each. */
	notes: string[];
}

/** Wider windows than this make no difference to anything that is run here. */
const LONGEST = 131_072;
/** The first keys: what attends to them whatever the distance sees no window. */
const FIRST_KEYS = 4;

/**
 * Reads the windows of layers off the graph: the masks that it makes for a window of tokens are worked out for the last
 * query, without running the model. What config.json says stands in only where the graph cannot be followed, and is
 * marked so.
 */
export function findWindows(
	view: GraphView,
	layers: readonly AttentionLayer[],
	inputs: readonly GraphInput[] | null,
	config: DecoderConfig | null
): Windows {
	const within =
		inputs?.find(({ fixedContext }) => fixedContext !== null)?.fixedContext ??
		Math.min(config?.maxPositions ?? LONGEST, LONGEST);
	const graph = inputs === null ? null : new LazyGraph(view, inputs, within);
	const said = config?.windows?.length === layers.length ? config.windows : null;
	const found = layers.map((layer, at): LayerWindow => {
		const tokens = graph === null ? undefined : windowOf(view, layer, graph, within);
		if (tokens !== undefined) return { tokens, from: 'graph' };
		const hint = said?.[at] ?? null;
		return { tokens: hint, from: hint === null ? 'nothing' : 'config.json' };
	});
	return { layers: found, within, notes: notesOn(found, said, within) };
}

/** Windows that hold for every figure: what the graph does not show is taken for all keys, so that none is left out. */
export function shownWindows({ layers }: Windows): (number | null)[] {
	return layers.map(({ tokens, from }) => (from === 'graph' ? tokens : null));
}

/** undefined: not to be told. */
function windowOf(
	view: GraphView,
	layer: AttentionLayer,
	graph: LazyGraph,
	within: number
): number | null | undefined {
	try {
		const masks = masksOf(view, layer, graph);
		return farthest((query, key) => masks.every((sees) => sees(query, key)), within);
	} catch (error) {
		// A graph that comes from outside may be of sizes that no array has.
		if (error instanceof UnknownValueError || error instanceof RangeError) return undefined;
		throw error;
	}
}

/** Keys that the last query sees, counted from itself to the farthest; null: to the first. */
function farthest(sees: Sees, within: number): number | null {
	const last = within - 1;
	for (let key = 0; key < Math.min(FIRST_KEYS, within); key++) if (sees(last, key)) return null;
	let [seen, unseen] = [0, 1];
	while (unseen < last && sees(last, last - unseen)) [seen, unseen] = [unseen, 2 * unseen];
	unseen = Math.min(unseen, last);
	while (unseen - seen > 1) {
		const middle = Math.floor((seen + unseen) / 2);
		if (sees(last, last - middle)) seen = middle;
		else unseen = middle;
	}
	return seen + 1;
}

function notesOn(
	found: readonly LayerWindow[],
	said: readonly (number | null)[] | null,
	within: number
): string[] {
	const notes: string[] = [];
	const fromGraph = found.flatMap(({ from }, at) => (from === 'graph' ? [at] : []));
	const differs = (at: number): boolean => {
		const [own, hint] = [found[at].tokens, said?.[at] ?? null];
		return own !== hint && Math.min(own ?? Infinity, hint ?? Infinity) < within;
	};
	if (said !== null && fromGraph.some(differs)) {
		const own = windowWords(found.map(({ tokens }) => tokens));
		notes.push(
			`sliding windows: config.json says ${windowWords(said)}; the graph has ${own} (looked at ${within} tokens). The graph counts.`
		);
	}
	const hinted = found.filter(({ from }) => from === 'config.json');
	if (hinted.length > 0) {
		notes.push(
			`sliding windows: config.json says ${sizesOf(hinted.map(({ tokens }) => tokens)).join(' or ')} tokens in ${hinted.length} of ${found.length} layers, which cannot be read from the graph. Nothing is left out because of it.`
		);
	}
	const unknown = found.filter(({ from }) => from === 'nothing');
	if (hinted.length === 0 && unknown.length > 0) {
		notes.push(
			`sliding windows cannot be read from the graph in ${unknown.length} of ${found.length} layers, whose masks are large tables or made in a way that is not followed. An analysis shows those that are shorter than its context.`
		);
	}
	return notes;
}

function sizesOf(windows: readonly (number | null)[]): number[] {
	return [...new Set(windows.filter((size) => size !== null))].sort((a, b) => a - b);
}

/** "none", "16 tokens in every layer", "24 tokens in layers 0, 2". */
function windowWords(windows: readonly (number | null)[]): string {
	const sizes = sizesOf(windows);
	if (sizes.length === 0) return 'none';
	return sizes
		.map((size) => {
			const layers = windows.flatMap((each, at) => (each === size ? [at] : []));
			const where =
				layers.length === windows.length ? 'every layer' : `layers ${layers.join(', ')}`;
			return `${size} tokens in ${where}`;
		})
		.join(' and ');
}
