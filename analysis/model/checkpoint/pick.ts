import type { TensorEntry, TensorPick } from './types.ts';

/** Bytes of a weight that lies scattered within a larger tensor. */
export function pickedBytes({ byteLength, shape }: TensorEntry, pick: TensorPick): number {
	if (pick.kind === 'rows of groups') return byteLength / pick.parts;
	if (pick.kind === 'elements') return byteLength / pick.step;
	return (byteLength / pick.total) * shape[0];
}

/** Copies a weight of `shape` out of the bytes of the tensor that it lies within: [outputs, inputs], row by row. */
export function pickFrom(
	from: Uint8Array,
	to: Uint8Array,
	shape: readonly number[],
	pick: TensorPick
): void {
	if (pick.kind === 'rows of groups') {
		const run = to.length / pick.groups;
		for (let group = 0; group < pick.groups; group++) {
			const start = (group * pick.parts + pick.part) * run;
			to.set(from.subarray(start, start + run), group * run);
		}
		return;
	}
	if (pick.kind === 'elements') {
		const width = to.length / shape[0];
		for (let at = 0; at < shape[0]; at++) {
			const start = (pick.first + at * pick.step) * width;
			to.set(from.subarray(start, start + width), at * width);
		}
		return;
	}
	const [outputs, inputs] = shape;
	const size = from.length / (pick.total * inputs);
	for (let output = 0; output < outputs; output++) {
		for (let input = 0; input < inputs; input++) {
			const start = (input * pick.total + pick.first + output * pick.step) * size;
			const place = (output * inputs + input) * size;
			for (let byte = 0; byte < size; byte++) to[place + byte] = from[start + byte];
		}
	}
}
