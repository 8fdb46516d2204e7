import { InputError } from '../../errors.ts';
import type { QuantisedFormat } from '../checkpoint/types.ts';
import { E4M3, INT8, valuesOf } from './floats.ts';
import type { Rows, StoredTensors } from './types.ts';

/**
 * Height and width of the blocks that have a scale each, from the shape of the scales: one for all, one a row, or one a
 * block of the size that config.json gives (`said`), the last of which may be cut off. Throws InputError for any other.
 */
export function blockOfGrid(
	name: string,
	[outputs, inputs]: readonly [number, number],
	grid: readonly number[],
	said: readonly [number, number] | null
): [number, number] {
	const scales = grid.reduce((product, size) => product * size, 1);
	if (scales === 1) return [outputs, inputs];
	if (scales === outputs && grid[0] === outputs) return [1, inputs];
	if (grid.length === 2) {
		const [rows, columns] = grid;
		if (
			said !== null &&
			rows === Math.ceil(outputs / said[0]) &&
			columns === Math.ceil(inputs / said[1])
		)
			return [said[0], said[1]];
		if (said === null && outputs % rows === 0 && inputs % columns === 0)
			return [outputs / rows, inputs / columns];
	}
	throw new InputError(
		`${name} is [${grid.join(', ')}], which fits no blocks of a weight [${outputs}, ${inputs}]${said === null ? '' : ` in blocks of ${said.join(' × ')}`}`
	);
}

/** One byte a value: (value − zero) × scale / divisor, scales and zeros by block. */
export function decodeBytes(
	{ values, scales, zeros }: StoredTensors,
	format: Extract<QuantisedFormat, { kind: 'bytes' }>,
	{ first, count, columns }: Rows,
	out: Float32Array
): void {
	const table = format.type === 'E4M3' ? E4M3 : INT8;
	const scale = valuesOf(scales);
	const zero = zeros === undefined ? null : valuesOf(zeros);
	for (let index = 0; index < scale.length; index++) scale[index] /= format.divisor;
	const [height, width] = format.block;
	const across = Math.ceil(columns / width);
	for (let row = 0; row < count; row++) {
		const from = (first + row) * columns;
		const to = row * columns;
		const line = Math.floor((first + row) / height) * across;
		for (let block = 0; block < across; block++) {
			const by = scale[line + block];
			const less = zero === null ? 0 : zero[line + block];
			const end = Math.min(columns, (block + 1) * width);
			for (let column = block * width; column < end; column++)
				out[to + column] = (table[values.bytes[from + column]] - less) * by;
		}
	}
}
