import type { ModelProto, TensorProto } from '../../analysis/proto/onnx_pb.ts';
import { HEADS, HIDDEN, INNER, VOCAB, WIDTH, type Form } from './cachedOnnx.ts';

const EPSILON = 1e-5;

type Row = number[];

/**
 * Logits [S][vocab] of a model of `cachedOnnx`, attention shared as planned, worked out in plain loops and double
 * precision: what a written model is to put out. Not for quantized weights.
 */
export function plainLogits(
	proto: ModelProto,
	form: Form,
	ids: readonly number[],
	sources: readonly (number | null)[],
	headMaps: readonly (readonly number[] | null)[]
): number[] {
	const weights = new Map(
		(proto.graph?.initializer ?? []).map((each) => [each.name, matrix(each)])
	);
	const weight = (name: string): Row[] => weights.get(name) ?? [];
	const linear = (rows: Row[], name: string): Row[] => {
		const [bias] = weight(`${name}.bias`);
		return product(rows, weight(`${name}.weight`)).map((row) => row.map((x, at) => x + bias[at]));
	};
	let hidden = ids.map((id, at) => sum(weight('embedding')[id], weight('positions')[at]));
	const kept: Row[][][] = [];
	for (const [layer, source] of sources.entries()) {
		const normed = hidden.map(norm);
		if (source !== null) {
			const { query, key, value } = projections(linear, normed, layer, form);
			const kvHeads = value[0].length / WIDTH;
			const map = headMaps[layer] ?? Array.from({ length: HEADS }, (_, head) => head);
			kept[layer] =
				source === layer
					? Array.from({ length: HEADS }, (_, head) =>
							probabilities(
								part(query, head, form),
								part(key, Math.floor((head * kvHeads) / HEADS), form)
							)
						)
					: map.map((head) => kept[source][head]);
			const mixed = kept[layer].map((rows, head) => {
				const own = Math.floor((head * kvHeads) / HEADS) * WIDTH;
				return product(
					rows,
					value.map((row) => row.slice(own, own + WIDTH))
				);
			});
			const joined = ids.map((_, at) => mixed.flatMap((rows) => rows[at]));
			hidden = hidden.map((row, at) => sum(row, linear(joined, `${layer}.o`)[at]));
		}
		const inner = linear(hidden.map(norm), `${layer}.up`).map((row) =>
			row.map((x) => Math.max(0, x))
		);
		if (inner[0].length !== INNER) throw new RangeError(`${inner[0].length} columns of ${INNER}`);
		const down = linear(inner, `${layer}.down`);
		hidden = hidden.map((row, at) => sum(row, down[at]));
	}
	const logits = product(hidden.map(norm), weight('head')).flat();
	if (logits.length !== ids.length * VOCAB) throw new RangeError('logits of another size');
	return logits;
}

function projections(
	linear: (rows: Row[], name: string) => Row[],
	normed: Row[],
	layer: number,
	form: Form
): { query: Row[]; key: Row[]; value: Row[] } {
	if (!form.endsWith('Packed')) {
		const [query, key, value] = ['q', 'k', 'v'].map((role) => linear(normed, `${layer}.${role}`));
		return { query, key, value };
	}
	const all = linear(normed, `${layer}.qkv`);
	const split = HEADS * WIDTH;
	const width = (all[0].length - split) / 2;
	const [query, key, value] = [
		[0, split],
		[split, split + width],
		[split + width, split + 2 * width]
	].map(([start, end]) => all.map((row) => row.slice(start, end)));
	return { query, key, value };
}

/** One head's rows; turned by their positions where GroupQueryAttention does it. */
function part(rows: Row[], head: number, form: Form): Row[] {
	const own = rows.map((row) => row.slice(head * WIDTH, (head + 1) * WIDTH));
	if (!form.startsWith('groupQuery')) return own;
	const half = WIDTH / 2;
	return own.map((row, position) =>
		row.map((x, at) => {
			const angle = position * 100 ** (-(at % half) / half);
			const other = at < half ? -row[at + half] : row[at - half];
			return x * Math.cos(angle) + other * Math.sin(angle);
		})
	);
}

/** Causal softmax of scaled products, [S][S]. */
function probabilities(query: Row[], key: Row[]): Row[] {
	return query.map((row, at) => {
		const scores = key.map((other, to) =>
			to > at ? -Infinity : row.reduce((x, each, i) => x + each * other[i], 0) / Math.sqrt(WIDTH)
		);
		const most = Math.max(...scores);
		const powers = scores.map((score) => Math.exp(score - most));
		const whole = powers.reduce((x, each) => x + each, 0);
		return powers.map((each) => each / whole);
	});
}

function product(rows: Row[], columns: Row[]): Row[] {
	return rows.map((row) =>
		columns[0].map((_, at) => row.reduce((x, each, i) => x + each * columns[i][at], 0))
	);
}

function norm(row: Row): Row {
	const mean = row.reduce((x, each) => x + each * each, 0) / HIDDEN;
	return row.map((each) => each / Math.sqrt(mean + EPSILON));
}

function sum(a: Row, b: Row): Row {
	return a.map((x, at) => x + b[at]);
}

/** Rows of a float32 tensor; a vector is one row. */
function matrix({ dims, rawData }: TensorProto): Row[] {
	if (rawData.byteLength % 4 !== 0) return [];
	const values = new Float32Array(rawData.slice().buffer);
	const columns = Number(dims.at(-1) ?? 1n);
	return Array.from({ length: values.length / columns }, (_, row) => [
		...values.slice(row * columns, (row + 1) * columns)
	]);
}
