/** The header's length, with the 10 bytes before it, is a multiple of this, so that the data is aligned. */
const ALIGNMENT = 64;
/** Magic \x93NUMPY, version 1.0, then the header's length in two bytes. */
const PREFIX_BYTES = 10;

/**
 * An array in NumPy's format 1.0 (numpy.lib.format): float64, little-endian, row-major. Throws
 * RangeError where `shape` does not hold as many numbers as there are.
 */
export function toNpy(values: Float64Array, shape: readonly number[]): Uint8Array<ArrayBuffer> {
	const size = shape.reduce((product, length) => product * length, 1);
	if (size !== values.length)
		throw new RangeError(`shape ${shape.join(' × ')} has ${size} numbers; found ${values.length}`);
	const axes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
	const description = `{'descr': '<f8', 'fortran_order': False, 'shape': (${axes}), }`;
	const unpadded = PREFIX_BYTES + description.length + 1;
	const dataStart = Math.ceil(unpadded / ALIGNMENT) * ALIGNMENT;
	const header = `${description}${' '.repeat(dataStart - unpadded)}\n`;

	const bytes = new Uint8Array(dataStart + values.length * 8);
	const view = new DataView(bytes.buffer);
	bytes.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0]);
	view.setUint16(8, header.length, true);
	bytes.set(new TextEncoder().encode(header), PREFIX_BYTES);
	values.forEach((value, i) => {
		view.setFloat64(dataStart + i * 8, value, true);
	});
	return bytes;
}
