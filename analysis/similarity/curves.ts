/**
 * Computes the relative depth of a layer, 0 (the first) to 1 (the last), so that models of different depth can be laid
 * over one another. A model of one layer has depth 0.
 */
export function relativeDepth(layer: number, layers: number): number {
	return layers > 1 ? layer / (layers - 1) : 0;
}

/** A value per layer or per pair of neighbours, and the relative depth each belongs to. */
export interface Curve {
	depths: number[];
	values: number[];
}

/**
 * Similarity of each layer to the next, [L − 1]; layer l is the source. A value belongs to the depth
 * half-way between its two layers.
 */
export function nextLayerCurve(matrix: Float64Array, layers: number): Curve {
	const pairs = Array.from({ length: Math.max(0, layers - 1) }, (_, l) => l);
	return {
		depths: pairs.map((l) => relativeDepth(l + 0.5, layers)),
		values: pairs.map((l) => matrix[l * layers + l + 1])
	};
}

/** Mean similarity of each layer to all others, [L]; both directions where the matrix is not symmetric. */
export function meanOverOthersCurve(matrix: Float64Array, layers: number): Curve {
	const indices = Array.from({ length: layers }, (_, l) => l);
	return {
		depths: indices.map((l) => relativeDepth(l, layers)),
		values: indices.map((l) => {
			let sum = 0;
			for (let m = 0; m < layers; m++)
				if (m !== l) sum += (matrix[l * layers + m] + matrix[m * layers + l]) / 2;
			return layers > 1 ? sum / (layers - 1) : 0;
		})
	};
}

/** Mean over all pairs l < m; with one layer 0. */
export function meanOverPairs(matrix: Float64Array, layers: number): number {
	let sum = 0;
	for (let l = 0; l < layers; l++)
		for (let m = l + 1; m < layers; m++) sum += matrix[l * layers + m];
	return layers > 1 ? (2 * sum) / (layers * (layers - 1)) : 0;
}

/** Mean similarity of neighbouring layers; with one layer 0. */
export function meanNextLayer(matrix: Float64Array, layers: number): number {
	const { values } = nextLayerCurve(matrix, layers);
	return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : 0;
}

/** Relative depth at which a curve is highest; the shallowest of equals. An empty curve has 0. */
export function peakDepth({ depths, values }: Curve): number {
	let best = 0;
	values.forEach((value, i) => {
		if (value > values[best]) best = i;
	});
	return depths.at(best) ?? 0;
}

/** The curve at other depths, by straight lines between its points; flat beyond its ends. */
export function curveAt(curve: Curve, depths: readonly number[]): number[] {
	return depths.map((depth) => {
		const after = curve.depths.findIndex((known) => known >= depth);
		if (after === 0) return curve.values[0];
		if (after === -1) return curve.values.at(-1) ?? 0;
		const [d0, d1] = [curve.depths[after - 1], curve.depths[after]];
		const fraction = (depth - d0) / (d1 - d0);
		return curve.values[after - 1] * (1 - fraction) + curve.values[after] * fraction;
	});
}

/** `count` depths from 0 to 1. */
export function depthGrid(count: number): number[] {
	return Array.from({ length: count }, (_, i) => relativeDepth(i, count));
}

/**
 * A matrix [L, L] on a grid of `size` relative depths, [size, size]: each cell shows the pair of layers
 * nearest to its depths. Nothing is interpolated, because the diagonal of ones would bleed into its
 * neighbours. Halves go to the deeper layer.
 */
export function matrixAtDepth(matrix: Float64Array, layers: number, size: number): Float64Array {
	const nearest = depthGrid(size).map((depth) => Math.round(depth * (layers - 1)));
	return Float64Array.from({ length: size * size }, (_, cell) => {
		const [row, column] = [Math.floor(cell / size), cell % size];
		return matrix[nearest[row] * layers + nearest[column]];
	});
}
