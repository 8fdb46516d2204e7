import type { SpanChoice } from '$analysis/compare/types.ts';
import { METRICS, VIEWS, type Metric, type View } from '$analysis/similarity/types.ts';

/** State of a comparison that its address keeps. */
export interface CompareUrl {
	runs: string[];
	metric: Metric;
	view: View;
	/** null: the page's own proposal. */
	spans: SpanChoice | null;
	/** Range of the colours, where it is locked. */
	range: [number, number] | null;
	/** Indices in `runs` of the two runs whose difference is shown. */
	pair: [number, number];
}

/** Reads an address; what it says wrongly is passed over. A run named twice counts once. */
export function readCompareUrl(query: URLSearchParams): CompareUrl {
	const runs = [...new Set((query.get('runs') ?? '').split(',').filter((id) => id !== ''))];
	return {
		runs,
		metric: METRICS.find((metric) => metric === query.get('m')) ?? 'cosine',
		view: VIEWS.find((view) => view === query.get('v')) ?? 'all',
		spans: readSpans(query),
		range: readRange(query.get('range')),
		pair: readPair(query.get('pair'), runs.length)
	};
}

/** Writes an address, without its "?"; what stands at its default is left out. */
export function writeCompareUrl({ runs, metric, view, spans, range, pair }: CompareUrl): string {
	const parts = [
		`runs=${runs.map(encodeURIComponent).join(',')}`,
		...(metric === 'cosine' ? [] : [`m=${metric}`]),
		...(view === 'all' ? [] : [`v=${view}`]),
		...(spans === null
			? []
			: [spans.by === 'followers' ? `f=${spans.followers}` : `t=${short(spans.minSimilarity)}`]),
		...(range === null ? [] : [`range=${range.map(short).join(',')}`]),
		...(pair.join() === '0,1' ? [] : [`pair=${pair.join(',')}`])
	];
	return parts.join('&');
}

function readSpans(query: URLSearchParams): SpanChoice | null {
	const followers = numberOf(query.get('f'));
	if (followers !== null && Number.isInteger(followers) && followers >= 0)
		return { by: 'followers', followers };
	const minSimilarity = numberOf(query.get('t'));
	return minSimilarity === null ? null : { by: 'similarity', minSimilarity };
}

function readRange(text: string | null): [number, number] | null {
	const [low, high, ...rest] = (text ?? '').split(',').map(numberOf);
	const fits = low !== null && high != null && low < high && rest.length === 0;
	return fits ? [low, high] : null;
}

function readPair(text: string | null, count: number): [number, number] {
	const [first, second] = (text ?? '').split(',').map(numberOf);
	const isPlace = (place: number | null | undefined): place is number =>
		place != null && Number.isInteger(place) && place >= 0 && place < count;
	return isPlace(first) && isPlace(second) && first < second ? [first, second] : [0, 1];
}

function numberOf(text: string | null): number | null {
	if (text === null || text.trim() === '') return null;
	const value = Number(text);
	return Number.isFinite(value) ? value : null;
}

/** Four digits are more than a slider or a legend tells apart. */
function short(value: number): string {
	return String(Number(value.toFixed(4)));
}
