import { SHAPE_HEADER, type SimilarityAnswer } from './api.ts';
import type { Similarity } from '$analysis/similarity/types.ts';

/** The body of an answer as JSON. Throws an Error with the server's own message where it refuses. */
export async function requestJson<T>(path: string, options: RequestInit = {}): Promise<T> {
	const response = await checkedRequest(path, options);
	return (await response.json()) as T;
}

/** Attention probabilities, float32 [layers, heads, tokens, tokens]. */
export interface AttentionMaps {
	data: Float32Array;
	shape: [number, number, number, number];
}

/** Attention probabilities of some layers on one window; made anew by running the model. */
export async function requestAttention(
	run: string,
	window: number,
	layers: readonly number[],
	signal: AbortSignal
): Promise<AttentionMaps> {
	const path = `/api/runs/${run}/attention?window=${window}&layers=${layers.join(',')}`;
	const response = await checkedRequest(path, { signal });
	const shape = (response.headers.get(SHAPE_HEADER) ?? '').split(',').map(Number);
	const data = new Float32Array(await response.arrayBuffer());
	const [layerCount, heads, queries, keys] = shape;
	if (layerCount * heads * queries * keys !== data.length) {
		throw new Error(`attention: ${data.length} numbers; the server announced ${shape.join(' × ')}`);
	}
	return { data, shape: [layerCount, heads, queries, keys] };
}

/** Rows as one row-major array. */
export function flat(rows: readonly (readonly number[])[]): Float64Array {
	const columns = rows[0]?.length ?? 0;
	const values = new Float64Array(rows.length * columns);
	rows.forEach((row, index) => values.set(row, index * columns));
	return values;
}

/** The server's answer as the engine's own kind of value. */
export function similarityFrom(answer: SimilarityAnswer): Similarity {
	return {
		metric: answer.metric,
		view: answer.view,
		layers: answer.matrix.length,
		matrix: flat(answer.matrix),
		null: answer.null && flat(answer.null),
		low: answer.low && flat(answer.low),
		high: answer.high && flat(answer.high),
		interval: answer.interval
	};
}

/** An answer that is no refusal. Throws an Error with the server's own message where it is one. */
export async function checkedRequest(path: string, options: RequestInit = {}): Promise<Response> {
	const response = await fetch(path, options).catch((error: unknown) => {
		if (options.signal?.aborted) throw error;
		throw new Error('The server does not answer. Is `spanwise serve` still running?', {
			cause: error
		});
	});
	if (response.ok) return response;
	const body: unknown = await response.json().catch(() => null);
	const message =
		typeof body === 'object' && body !== null && 'message' in body ? body.message : null;
	throw new Error(
		typeof message === 'string' ? message : `the server answered ${response.status} to ${path}`
	);
}
