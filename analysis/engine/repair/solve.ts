/** Rows and columns that are worked on at a time: their tiles stay in the processor's cache. */
const TILE = 64;
/** Terms of a sum that are added in one go, for the same reason. */
const DEPTH = 256;

/** A row-major matrix with `width` columns. */
interface Matrix {
	values: Float64Array;
	width: number;
}

/**
 * Solves A·x = b for many right-hand sides at once, by Cholesky's factorization A = L·Lᵀ in tiles: A
 * [size, size] symmetric and positive definite, row-major; `rows` [count, size], each row one right-hand side.
 * The rows are written over by their solutions, and the lower half of A by L. About size³/3 + 2·count·size²
 * operations. Throws RangeError where A is not positive definite.
 */
export function solvePositiveDefinite(a: Float64Array, size: number, rows: Float64Array): void {
	const lower = { values: a, width: size };
	const solved = { values: rows, width: size };
	const count = rows.length / size;
	factorize(lower);
	for (const { start, end } of tiles(size)) {
		subtractProducts(solved, [0, count], [start, end], solved, lower, [0, start]);
		solveTile(solved, [0, count], lower, start, end);
	}
	const upper = transposed(lower);
	for (const { start, end } of tiles(size).reverse()) {
		subtractProducts(solved, [0, count], [start, end], solved, upper, [end, size]);
		solveTileBackwards(solved, upper, start, end);
	}
}

/** Writes L over the lower half of A, tile column by tile column; what is above the diagonal stays. */
function factorize(matrix: Matrix): void {
	const { width: size } = matrix;
	for (const { start, end } of tiles(size)) {
		subtractProducts(matrix, [start, size], [start, end], matrix, matrix, [0, start]);
		factorizeTile(matrix, start, end);
		solveTile(matrix, [end, size], matrix, start, end);
	}
}

/** The tile on the diagonal, from which everything left of it was already subtracted. */
function factorizeTile({ values, width }: Matrix, start: number, end: number): void {
	for (let row = start; row < end; row++) {
		for (let column = start; column <= row; column++) {
			let sum = values[row * width + column];
			for (let k = start; k < column; k++) {
				sum -= values[row * width + k] * values[column * width + k];
			}
			if (column < row) {
				values[row * width + column] = sum / values[column * width + column];
				continue;
			}
			if (!(sum > 0)) throw new RangeError(`not positive definite: pivot ${row} is ${sum}`);
			values[row * width + row] = Math.sqrt(sum);
		}
	}
}

/** Columns start … end of the given rows: x·Lᵀ = b within the tile of L on the diagonal. */
function solveTile(
	rows: Matrix,
	[from, to]: readonly [number, number],
	lower: Matrix,
	start: number,
	end: number
): void {
	for (let row = from; row < to; row++) {
		const at = row * rows.width;
		for (let column = start; column < end; column++) {
			let sum = rows.values[at + column];
			const factor = column * lower.width;
			for (let k = start; k < column; k++) sum -= rows.values[at + k] * lower.values[factor + k];
			rows.values[at + column] = sum / lower.values[factor + column];
		}
	}
}

/** Columns start … end of all rows: x·L = b within the tile of U = Lᵀ on the diagonal. */
function solveTileBackwards(rows: Matrix, upper: Matrix, start: number, end: number): void {
	for (let at = 0; at < rows.values.length; at += rows.width) {
		for (let column = end - 1; column >= start; column--) {
			let sum = rows.values[at + column];
			const factor = column * upper.width;
			for (let k = column + 1; k < end; k++) sum -= rows.values[at + k] * upper.values[factor + k];
			rows.values[at + column] = sum / upper.values[factor + column];
		}
	}
}

/**
 * target[i][j] −= Σ_k a[i][k]·b[j][k] for i in `rows`, j in `columns`, k in `terms`. Four rows meet four
 * columns at a time, so that eight loads serve sixteen products.
 */
function subtractProducts(
	target: Matrix,
	[rowStart, rowEnd]: readonly [number, number],
	[columnStart, columnEnd]: readonly [number, number],
	a: Matrix,
	b: Matrix,
	[termStart, termEnd]: readonly [number, number]
): void {
	for (let from = termStart; from < termEnd; from += DEPTH) {
		const to = Math.min(termEnd, from + DEPTH);
		for (let i = rowStart; i < rowEnd; i += 4) {
			for (let j = columnStart; j < columnEnd; j += 4) {
				if (i + 4 <= rowEnd && j + 4 <= columnEnd) subtractFourByFour(target, i, j, a, b, from, to);
				else
					for (let row = i; row < Math.min(i + 4, rowEnd); row++)
						for (let column = j; column < Math.min(j + 4, columnEnd); column++)
							subtractOne(target, row, column, a, b, from, to);
			}
		}
	}
}

function subtractOne(
	target: Matrix,
	row: number,
	column: number,
	a: Matrix,
	b: Matrix,
	from: number,
	to: number
): void {
	let sum = 0;
	for (let k = from; k < to; k++) {
		sum += a.values[row * a.width + k] * b.values[column * b.width + k];
	}
	target.values[row * target.width + column] -= sum;
}

function subtractFourByFour(
	target: Matrix,
	row: number,
	column: number,
	{ values: a, width: aWidth }: Matrix,
	{ values: b, width: bWidth }: Matrix,
	from: number,
	to: number
): void {
	const [a0, b0] = [row * aWidth, column * bWidth];
	const [a1, a2, a3] = [a0 + aWidth, a0 + 2 * aWidth, a0 + 3 * aWidth];
	const [b1, b2, b3] = [b0 + bWidth, b0 + 2 * bWidth, b0 + 3 * bWidth];
	let [s00, s01, s02, s03, s10, s11, s12, s13] = [0, 0, 0, 0, 0, 0, 0, 0];
	let [s20, s21, s22, s23, s30, s31, s32, s33] = [0, 0, 0, 0, 0, 0, 0, 0];
	for (let k = from; k < to; k++) {
		const p0 = a[a0 + k];
		const p1 = a[a1 + k];
		const p2 = a[a2 + k];
		const p3 = a[a3 + k];
		const q0 = b[b0 + k];
		const q1 = b[b1 + k];
		const q2 = b[b2 + k];
		const q3 = b[b3 + k];
		s00 += p0 * q0;
		s01 += p0 * q1;
		s02 += p0 * q2;
		s03 += p0 * q3;
		s10 += p1 * q0;
		s11 += p1 * q1;
		s12 += p1 * q2;
		s13 += p1 * q3;
		s20 += p2 * q0;
		s21 += p2 * q1;
		s22 += p2 * q2;
		s23 += p2 * q3;
		s30 += p3 * q0;
		s31 += p3 * q1;
		s32 += p3 * q2;
		s33 += p3 * q3;
	}
	const { values, width } = target;
	let at = row * width + column;
	values[at] -= s00;
	values[at + 1] -= s01;
	values[at + 2] -= s02;
	values[at + 3] -= s03;
	at += width;
	values[at] -= s10;
	values[at + 1] -= s11;
	values[at + 2] -= s12;
	values[at + 3] -= s13;
	at += width;
	values[at] -= s20;
	values[at + 1] -= s21;
	values[at + 2] -= s22;
	values[at + 3] -= s23;
	at += width;
	values[at] -= s30;
	values[at + 1] -= s31;
	values[at + 2] -= s32;
	values[at + 3] -= s33;
}

function tiles(size: number): { start: number; end: number }[] {
	return Array.from({ length: Math.ceil(size / TILE) }, (_, tile) => ({
		start: tile * TILE,
		end: Math.min(size, (tile + 1) * TILE)
	}));
}

function transposed({ values, width: size }: Matrix): Matrix {
	const turned = new Float64Array(values.length);
	for (let row = 0; row < size; row++) {
		for (let column = 0; column <= row; column++) {
			turned[column * size + row] = values[row * size + column];
		}
	}
	return { values: turned, width: size };
}
