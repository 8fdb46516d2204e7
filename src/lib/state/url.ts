import { SHOWN, type Shown } from '$analysis/similarity/shown.ts';
import { DTYPE_BYTES } from '$analysis/plan/savings.ts';
import type { Metric, View } from '$analysis/similarity/types.ts';
import type { Cell } from '$analysis/figure/layout.ts';

/** Maps of two layers: similarity of attention, of output with the source's weights, loss increase, recall increase. */
export const MAPS = ['similarity', 'output', 'damage', 'recall'] as const;
export type MapKind = (typeof MAPS)[number];

export type Dtype = keyof typeof DTYPE_BYTES;

/** A span as it stands in the address: first layer (the source) and last follower. */
export interface Range {
	first: number;
	last: number;
}

/** Choice of the plan on the screen: by lowest similarity, by number of followers, or by hand. */
export type PlanChoice =
	| { by: 'threshold'; threshold: number }
	| { by: 'followers'; followers: number }
	| {
			by: 'hand';
			spans: Range[];
			/** Dropped layers, in order; in no span. */
			dropped: number[];
	  };

/** State of the run page that is kept in its address. */
export interface RunUrl {
	/** One of the page's tabs. */
	tab: string;
	/** Ids of the stored results that are open, by their kind; a kind of which none is open is not there. */
	open: Readonly<Record<string, string>>;
	map: MapKind;
	metric: Metric;
	view: View;
	show: Shown;
	/** Range of the colours, where it is locked. */
	range: [number, number] | null;
	/** The pair of layers that is open. */
	cell: Cell | null;
	/** The pair of heads whose token maps are open. */
	heads: Cell | null;
	window: number;
	plan: PlanChoice;
	/** Id of the plan from a file or a search that a plan by hand began as (`WholePlans`). */
	origin: string | null;
	maxSpan: number;
	protectedLayers: number[];
	context: number;
	batch: number;
	dtype: Dtype;
}

/** The part of the address that makes the plan. */
export type PlanUrl = Pick<RunUrl, 'plan' | 'origin' | 'maxSpan' | 'protectedLayers'>;

/** A text that is equal for addresses that make the same plan in the same way. */
export function planText({ plan, origin, maxSpan, protectedLayers }: PlanUrl): string {
	return JSON.stringify([plan, origin, maxSpan, protectedLayers]);
}

/** A kind of result that a tab opens, and what addresses of earlier versions call it. */
export interface OpenedKind {
	kind: string;
	earlier?: string;
}

/** Bounds that a run sets to its address: metrics, views, sizes, and defaults of all that the address omits. */
export interface RunBounds {
	metrics: readonly Metric[];
	views: readonly View[];
	layers: number;
	heads: number;
	windows: number;
	/** The page's tabs. */
	tabs: readonly string[];
	/** Kinds of results that its tabs open. */
	opens: readonly OpenedKind[];
	defaults: RunUrl;
}

/** Reads an address. What it says wrongly, or of a layer that the model does not have, is passed over. */
export function readUrl(query: URLSearchParams, bounds: RunBounds): RunUrl {
	const { defaults, layers, heads } = bounds;
	const number = (name: string, fits: (value: number) => boolean, otherwise: number) => {
		const text = query.get(name);
		const value = Number(text);
		return text !== null && text !== '' && fits(value) ? value : otherwise;
	};
	const count = (value: number) => Number.isInteger(value) && value >= 1;
	const plan = readPlan(query, layers) ?? defaults.plan;
	return {
		tab: oneOf(tabOf(query), bounds.tabs) ?? defaults.tab,
		open: readOpen(query, bounds.opens),
		map: query.get('tab') === 'damage' ? 'damage' : (oneOf(query.get('map'), MAPS) ?? defaults.map),
		metric: oneOf(query.get('m'), bounds.metrics) ?? defaults.metric,
		view: oneOf(query.get('v'), bounds.views) ?? defaults.view,
		show: oneOf(query.get('show'), SHOWN) ?? defaults.show,
		range: readRange(query.get('range')),
		cell: readCell(query.get('cell'), layers),
		heads: readCell(query.get('heads'), heads),
		window: number('w', (w) => Number.isInteger(w) && w >= 0 && w < bounds.windows, 0),
		plan,
		origin: plan.by === 'hand' ? readId(query.get('file')) : null,
		maxSpan: number('max', (value) => count(value) && value <= layers, defaults.maxSpan),
		protectedLayers: readLayers(query.get('keep'), layers) ?? defaults.protectedLayers,
		context: number('ctx', count, defaults.context),
		batch: number('b', count, defaults.batch),
		dtype: oneOf(query.get('dtype'), Object.keys(DTYPE_BYTES) as Dtype[]) ?? defaults.dtype
	};
}

/** Reads what stands behind an address's "?". */
export function readSearch(search: string, bounds: RunBounds): RunUrl {
	return readUrl(new URLSearchParams(search), bounds);
}

/** The tab that an address names. Those of earlier versions have a bench on the tab Evaluate. */
function tabOf(query: URLSearchParams): string | null {
	const tab = query.get('tab');
	const ofBench = query.has('bench') && !query.has('eval') && !query.has('evaluate');
	return tab === 'evaluate' && ofBench ? 'bench' : tab;
}

/** Writes an address, without its "?"; what stands at its default is left out. */
export function writeUrl(state: RunUrl, defaults: RunUrl): string {
	const parts: [string, string | null][] = [
		['tab', state.tab === defaults.tab ? null : state.tab],
		...Object.entries(state.open).toSorted(([a], [b]) => a.localeCompare(b)),
		['map', state.map === defaults.map ? null : state.map],
		['m', state.metric === defaults.metric ? null : state.metric],
		['v', state.view === defaults.view ? null : state.view],
		['show', state.show === defaults.show ? null : state.show],
		['range', state.range === null ? null : state.range.map(short).join(',')],
		...planParts(state.plan, defaults.plan),
		['file', state.origin],
		['max', state.maxSpan === defaults.maxSpan ? null : String(state.maxSpan)],
		['keep', sameList(state.protectedLayers, defaults.protectedLayers)],
		['cell', state.cell === null ? null : cellText(state.cell)],
		['heads', state.heads === null ? null : cellText(state.heads)],
		['w', state.window === defaults.window ? null : String(state.window)],
		['ctx', state.context === defaults.context ? null : String(state.context)],
		['b', state.batch === defaults.batch ? null : String(state.batch)],
		['dtype', state.dtype === defaults.dtype ? null : state.dtype]
	];
	// Commas and dashes need no escaping in a query, and would be unreadable with it.
	return parts
		.filter(([, value]) => value !== null)
		.map(([name, value]) => `${name}=${value ?? ''}`)
		.join('&');
}

function planParts(plan: PlanChoice, standard: PlanChoice): [string, string | null][] {
	if (plan.by === 'hand') {
		return [
			['spans', plan.spans.map(({ first, last }) => `${first}-${last}`).join(',')],
			['drop', plan.dropped.length === 0 ? null : plan.dropped.join()]
		];
	}
	if (plan.by === 'threshold') return [['t', short(plan.threshold)]];
	const standing = standard.by === 'followers' && standard.followers === plan.followers;
	return [['f', standing ? null : String(plan.followers)]];
}

function readPlan(query: URLSearchParams, layers: number): PlanChoice | null {
	const hand = readHand(query.get('spans'), query.get('drop'), layers);
	if (hand !== null) return hand;
	const threshold = Number(query.get('t') ?? NaN);
	if (Number.isFinite(threshold) && query.get('t') !== '') return { by: 'threshold', threshold };
	const followers = Number(query.get('f') ?? NaN);
	if (
		Number.isInteger(followers) &&
		followers >= 0 &&
		followers < layers &&
		query.get('f') !== ''
	) {
		return { by: 'followers', followers };
	}
	return null;
}

/** A plan by hand, where spans or dropped layers are named and none meets another. */
function readHand(spans: string | null, drop: string | null, layers: number): PlanChoice | null {
	if (spans === null && drop === null) return null;
	const ranges = (spans ?? '') === '' ? [] : (spans ?? '').split(',');
	const known = ranges.map((text) => readSpan(text, layers)).filter((range) => range !== null);
	const apart = known.every((range, index) => index === 0 || range.first > known[index - 1].last);
	const dropped = readLayers(drop ?? '', layers)?.toSorted((a, b) => a - b);
	if (known.length < ranges.length || !apart || dropped === undefined) return null;
	const taken = dropped.some(
		(layer, index) =>
			layer === dropped[index - 1] ||
			known.some(({ first, last }) => layer >= first && layer <= last)
	);
	return taken ? null : { by: 'hand', spans: known, dropped };
}

function readSpan(text: string, layers: number): Range | null {
	const match = /^(\d+)-(\d+)$/.exec(text);
	if (match === null) return null;
	const [first, last] = [Number(match[1]), Number(match[2])];
	return first < last && last < layers ? { first, last } : null;
}

function readOpen(query: URLSearchParams, opens: readonly OpenedKind[]): RunUrl['open'] {
	const ids = opens.map(({ kind, earlier }) => {
		const text = query.get(kind) ?? (earlier === undefined ? null : query.get(earlier));
		return [kind, readId(text)] as const;
	});
	return Object.fromEntries(ids.flatMap(([kind, id]) => (id === null ? [] : [[kind, id]])));
}

function readId(text: string | null): string | null {
	return text !== null && /^[\w.-]+$/.test(text) ? text : null;
}

function readCell(text: string | null, size: number): Cell | null {
	const match = /^(\d+),(\d+)$/.exec(text ?? '');
	if (match === null) return null;
	const [row, column] = [Number(match[1]), Number(match[2])];
	return row < size && column < size ? { row, column } : null;
}

function readRange(text: string | null): [number, number] | null {
	const [low, high, ...rest] = (text ?? '')
		.split(',')
		.map((part) => (part === '' ? NaN : Number(part)));
	return rest.length === 0 && low < high ? [low, high] : null;
}

function readLayers(text: string | null, layers: number): number[] | null {
	if (text === null) return null;
	if (text === '') return [];
	const list = text.split(',').map(Number);
	return list.every((layer) => Number.isInteger(layer) && layer >= 0 && layer < layers)
		? list
		: null;
}

function oneOf<T extends string>(text: string | null, allowed: readonly T[]): T | null {
	return allowed.find((value) => value === text) ?? null;
}

function sameList(list: readonly number[], standard: readonly number[]): string | null {
	return list.join() === standard.join() ? null : list.join();
}

function cellText({ row, column }: Cell): string {
	return `${row},${column}`;
}

function short(value: number): string {
	return String(Number(value.toFixed(4)));
}
