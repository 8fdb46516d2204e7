import { MAX_RUNS } from '$analysis/compare/types.ts';
import { quoted } from '$analysis/edge/quote.ts';
import { InputError } from '$analysis/errors.ts';
import { METRICS, VIEWS, type Metric, type View } from '$analysis/similarity/types.ts';

/** Layers whose maps are asked for at once: a pair, and a pair to compare it with. */
const MAX_LAYERS = 4;

/** ?metric=&view= ; cosine and all where they are left out. */
export function measureOf(url: URL): { metric: Metric; view: View } {
	const { searchParams } = url;
	return {
		metric: oneOf(METRICS, searchParams.get('metric') ?? 'cosine', 'metric'),
		view: oneOf(VIEWS, searchParams.get('view') ?? 'all', 'view')
	};
}

/** One of some words. Errors: InputError naming them. */
export function oneOf<Name extends string>(
	names: readonly Name[],
	text: string,
	what: string
): Name {
	const found = names.find((name) => name === text);
	if (found === undefined)
		throw new InputError(`${what}: ${quoted(text)}; allowed: ${names.join(', ')}`);
	return found;
}

/** A 0-based index below `count`. */
export function indexOf(url: URL, name: string, count: number): number {
	return parseIndex(url.searchParams.get(name), name, count);
}

/** ?layers=3,4 : different layers, in the order given. */
export function layersOf(url: URL, layers: number): number[] {
	const words = (url.searchParams.get('layers') ?? '').split(',');
	if (words.length > MAX_LAYERS) {
		throw new InputError(`layers: ${words.length} given; at most ${MAX_LAYERS}`);
	}
	return [...new Set(words.map((word) => parseIndex(word, 'layers', layers)))];
}

/** ?runs=a,b : ids of two or more runs, in the order given; one named twice counts once. */
export function runsOf(url: URL): string[] {
	const words = (url.searchParams.get('runs') ?? '').split(',');
	const ids = [...new Set(words.filter((word) => word !== ''))];
	if (ids.length < 2 || ids.length > MAX_RUNS) {
		throw new InputError(`runs to compare: ${ids.length}; choose 2 to ${MAX_RUNS}`);
	}
	return ids;
}

function parseIndex(text: string | null, name: string, count: number): number {
	const value = text !== null && /^\d+$/.test(text) ? Number(text) : NaN;
	if (!(value < count)) {
		throw new InputError(
			`${name}: ${quoted(text ?? 'missing')}; expected a whole number from 0 to ${count - 1}`
		);
	}
	return value;
}
