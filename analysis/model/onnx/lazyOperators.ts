import type { NodeProto } from '../../proto/onnx_pb.ts';
import { attributeOf, integerOf } from './graphView.ts';
import {
	axisOf,
	broadcast,
	broadcastAt,
	flatIndex,
	indexOf,
	scalarOf,
	sizeOf,
	UnknownValueError,
	vectorOf,
	type Kind,
	type LazyValue
} from './lazyValue.ts';
import { lazyTensor } from './lazyTensor.ts';
import { kindOf } from './tensors.ts';

type Inputs = readonly (LazyValue | null)[];
type Operator = (node: NodeProto, inputs: Inputs) => LazyValue;

function given(inputs: Inputs, at: number): LazyValue {
	const value = inputs.at(at) ?? null;
	if (value === null) throw new UnknownValueError(`no input ${at}`);
	return value;
}

const yes = (value: boolean): number => Number(value);

function elementWise(compute: (...values: number[]) => number, kind?: Kind): Operator {
	return (_, inputs) => {
		const values = inputs.map((_, at) => given(inputs, at));
		const float = values.some((value) => value.kind === 'float');
		const own = kind ?? (float ? 'float' : (values.at(0)?.kind ?? 'float'));
		return {
			dims: broadcast(...values.map(({ dims }) => dims)),
			kind: own,
			at: (index) => compute(...values.map((value) => broadcastAt(value, index)))
		};
	};
}

/** Integers as an attribute or an input has them, which depends on the opset; null: neither. */
function integers(
	node: NodeProto,
	name: string,
	inputs: Inputs,
	place: number
): readonly number[] | null {
	const input = inputs.at(place) ?? null;
	return input === null ? (attributeOf(node, name)?.ints.map(Number) ?? null) : vectorOf(input);
}

function reshaped(value: LazyValue, dims: readonly number[]): LazyValue {
	if (sizeOf(dims) !== sizeOf(value.dims))
		throw new UnknownValueError('another number of elements');
	return {
		dims,
		kind: value.kind,
		at: (index) => value.at(indexOf(value.dims, flatIndex(dims, index)))
	};
}

const divide: Operator = (node, inputs) => {
	const quotient = elementWise((a, b) => a / b)(node, inputs);
	if (quotient.kind === 'float') return quotient;
	return { ...quotient, at: (index) => Math.trunc(quotient.at(index)) };
};

/** Only the side that is chosen is worked out. */
const where: Operator = (_, inputs) => {
	const [condition, chosen, other] = [0, 1, 2].map((at) => given(inputs, at));
	return {
		dims: broadcast(condition.dims, chosen.dims, other.dims),
		kind: chosen.kind,
		at: (index) => broadcastAt(broadcastAt(condition, index) === 0 ? other : chosen, index)
	};
};

const both: Operator = (_, inputs) => {
	const [a, b] = [given(inputs, 0), given(inputs, 1)];
	return {
		dims: broadcast(a.dims, b.dims),
		kind: 'boolean',
		at: (index) => yes(broadcastAt(a, index) !== 0 && broadcastAt(b, index) !== 0)
	};
};

const cast: Operator = (node, inputs) => {
	const value = given(inputs, 0);
	const kind = kindOf(integerOf(node, 'to') ?? 0);
	const convert = {
		boolean: (number: number) => yes(number !== 0),
		integer: Math.trunc,
		float: (number: number) => number
	}[kind];
	return { dims: value.dims, kind, at: (index) => convert(value.at(index)) };
};

const identity: Operator = (_, inputs) => given(inputs, 0);

const range: Operator = (_, inputs) => {
	const [start, limit, delta] = [0, 1, 2].map((at) => scalarOf(given(inputs, at)));
	const length = Math.max(0, Math.ceil((limit - start) / delta));
	return { dims: [length], kind: given(inputs, 0).kind, at: ([place]) => start + place * delta };
};

const shape: Operator = (node, inputs) => {
	const { dims } = given(inputs, 0);
	const sizes = dims.slice(integerOf(node, 'start') ?? 0, integerOf(node, 'end') ?? dims.length);
	return { dims: [sizes.length], kind: 'integer', at: ([place]) => sizes[place] };
};

const unsqueeze: Operator = (node, inputs) => {
	const value = given(inputs, 0);
	const axes = integers(node, 'axes', inputs, 1) ?? [];
	const rank = value.dims.length + axes.length;
	const own = new Set(axes.map((axis) => axisOf(axis, rank)));
	const rest = [...value.dims];
	const dims = Array.from({ length: rank }, (_, axis) => (own.has(axis) ? 1 : (rest.shift() ?? 1)));
	return {
		dims,
		kind: value.kind,
		at: (index) => value.at(index.filter((_, axis) => !own.has(axis)))
	};
};

const squeeze: Operator = (node, inputs) => {
	const value = given(inputs, 0);
	const axes = integers(node, 'axes', inputs, 1)?.map((axis) => axisOf(axis, value.dims.length));
	const gone = (axis: number): boolean => axes?.includes(axis) ?? value.dims[axis] === 1;
	return reshaped(
		value,
		value.dims.filter((_, axis) => !gone(axis))
	);
};

const reshape: Operator = (_, inputs) => {
	const value = given(inputs, 0);
	const wanted = vectorOf(given(inputs, 1)).map((size, axis) =>
		size === 0 ? (value.dims[axis] ?? 0) : size
	);
	const known = sizeOf(wanted.filter((size) => size !== -1));
	return reshaped(
		value,
		wanted.map((size) => (size === -1 ? sizeOf(value.dims) / known : size))
	);
};

const flatten: Operator = (node, inputs) => {
	const value = given(inputs, 0);
	const rank = value.dims.length;
	const axis = integerOf(node, 'axis') ?? 1;
	const first = axis < 0 ? axis + rank : axis;
	return reshaped(value, [sizeOf(value.dims.slice(0, first)), sizeOf(value.dims.slice(first))]);
};

const transpose: Operator = (node, inputs) => {
	const value = given(inputs, 0);
	const perm =
		attributeOf(node, 'perm')?.ints.map(Number) ?? [...value.dims.keys()].map((axis) => -1 - axis);
	const order = perm.map((axis) => axisOf(axis, value.dims.length));
	return {
		dims: order.map((axis) => value.dims[axis]),
		kind: value.kind,
		at: (index) => value.at(value.dims.map((_, axis) => index[order.indexOf(axis)]))
	};
};

const expand: Operator = (_, inputs) => {
	const value = given(inputs, 0);
	const dims = broadcast(value.dims, vectorOf(given(inputs, 1)));
	return { dims, kind: value.kind, at: (index) => broadcastAt(value, index) };
};

const concat: Operator = (node, inputs) => {
	const values = inputs.map((_, at) => given(inputs, at));
	const axis = axisOf(integerOf(node, 'axis') ?? 0, given(inputs, 0).dims.length);
	const whole = values.reduce((sum, { dims }) => sum + dims[axis], 0);
	return {
		dims: values[0].dims.map((size, at) => (at === axis ? whole : size)),
		kind: values[0].kind,
		at: (index) => {
			let place = index[axis];
			for (const value of values) {
				const size = value.dims[axis];
				if (place < size) return value.at(index.with(axis, place));
				place -= size;
			}
			throw new UnknownValueError('beyond the end');
		}
	};
};

const slice: Operator = (node, inputs) => {
	const value = given(inputs, 0);
	const starts = integers(node, 'starts', inputs, 1) ?? [];
	const ends = integers(node, 'ends', inputs, 2) ?? [];
	const axes = integers(node, 'axes', inputs, 3) ?? [...starts.keys()];
	const steps = integers(node, 'steps', inputs, 4) ?? starts.map(() => 1);
	const first = value.dims.map(() => 0);
	const stride = value.dims.map(() => 1);
	const dims = [...value.dims];
	for (const [at, each] of axes.entries()) {
		const axis = axisOf(each, dims.length);
		const size = value.dims[axis];
		if (steps[at] < 1) throw new UnknownValueError('a Slice that goes back');
		const bound = (place: number): number =>
			Math.min(Math.max(place < 0 ? place + size : place, 0), size);
		first[axis] = bound(starts[at]);
		stride[axis] = steps[at];
		dims[axis] = Math.max(0, Math.ceil((bound(ends[at]) - first[axis]) / steps[at]));
	}
	return {
		dims,
		kind: value.kind,
		at: (index) => value.at(index.map((place, axis) => first[axis] + place * stride[axis]))
	};
};

const gather: Operator = (node, inputs) => {
	const [value, places] = [given(inputs, 0), given(inputs, 1)];
	const axis = axisOf(integerOf(node, 'axis') ?? 0, value.dims.length);
	const rank = places.dims.length;
	return {
		dims: [...value.dims.slice(0, axis), ...places.dims, ...value.dims.slice(axis + 1)],
		kind: value.kind,
		at: (index) => {
			const place = axisPlace(places.at(index.slice(axis, axis + rank)), value.dims[axis]);
			return value.at([...index.slice(0, axis), place, ...index.slice(axis + rank)]);
		}
	};
};

const gatherND: Operator = (node, inputs) => {
	const [value, places] = [given(inputs, 0), given(inputs, 1)];
	const taken = places.dims.at(-1) ?? 0;
	if ((integerOf(node, 'batch_dims') ?? 0) !== 0) throw new UnknownValueError('batch_dims');
	const outer = places.dims.slice(0, -1);
	return {
		dims: [...outer, ...value.dims.slice(taken)],
		kind: value.kind,
		at: (index) => {
			const before = index.slice(0, outer.length);
			const place = Array.from({ length: taken }, (_, at) =>
				axisPlace(places.at([...before, at]), value.dims[at])
			);
			return value.at([...place, ...index.slice(outer.length)]);
		}
	};
};

function axisPlace(place: number, size: number): number {
	const own = place < 0 ? place + size : place;
	if (!(own >= 0 && own < size)) throw new UnknownValueError(`place ${place} of ${size}`);
	return own;
}

const constantOfShape: Operator = (node, inputs) => {
	const dims = vectorOf(given(inputs, 0));
	const value = attributeOf(node, 'value')?.t;
	if (value === undefined) return { dims, kind: 'float', at: () => 0 };
	const filled = lazyTensor(value);
	return { dims, kind: filled.kind, at: () => scalarOf(filled) };
};

/** Positions are counted so: each token by those before it that are no padding. */
const cumulativeSum: Operator = (node, inputs) => {
	const value = given(inputs, 0);
	const axis = axisOf(scalarOf(given(inputs, 1)), value.dims.length);
	if (integerOf(node, 'exclusive') === 1 || integerOf(node, 'reverse') === 1)
		throw new UnknownValueError('a sum of another order');
	return {
		dims: value.dims,
		kind: value.kind,
		at: (index) => {
			let sum = 0;
			for (let place = 0; place <= index[axis]; place++) sum += value.at(index.with(axis, place));
			return sum;
		}
	};
};

const trilu: Operator = (node, inputs) => {
	const value = given(inputs, 0);
	const offset = inputs.at(1) == null ? 0 : scalarOf(given(inputs, 1));
	const upper = integerOf(node, 'upper') !== 0;
	return {
		dims: value.dims,
		kind: value.kind,
		at: (index) => {
			const [row, column] = index.slice(-2);
			const kept = upper ? column - row >= offset : column - row <= offset;
			return kept ? value.at(index) : 0;
		}
	};
};

/** Operators that make masks, positions and shapes. The dimensions of a product are known, its elements are not. */
export const OPERATORS: Partial<Record<string, Operator>> = {
	Abs: elementWise(Math.abs),
	Add: elementWise((a, b) => a + b),
	And: both,
	Cast: cast,
	Concat: concat,
	Constant: (node) => {
		const tensor = attributeOf(node, 'value')?.t;
		if (tensor === undefined) throw new UnknownValueError('a Constant of another kind');
		return lazyTensor(tensor);
	},
	ConstantOfShape: constantOfShape,
	CumSum: cumulativeSum,
	Div: divide,
	Equal: elementWise((a, b) => yes(a === b), 'boolean'),
	Expand: expand,
	Flatten: flatten,
	Gather: gather,
	GatherND: gatherND,
	Greater: elementWise((a, b) => yes(a > b), 'boolean'),
	GreaterOrEqual: elementWise((a, b) => yes(a >= b), 'boolean'),
	Identity: identity,
	IsNaN: elementWise((a) => yes(Number.isNaN(a)), 'boolean'),
	Less: elementWise((a, b) => yes(a < b), 'boolean'),
	LessOrEqual: elementWise((a, b) => yes(a <= b), 'boolean'),
	MatMul: (_, inputs) => {
		const [a, b] = [given(inputs, 0), given(inputs, 1)];
		const outer = broadcast(a.dims.slice(0, -2), b.dims.slice(0, -2));
		return {
			dims: [...outer, a.dims.at(-2) ?? 1, b.dims.at(-1) ?? 1],
			kind: 'float',
			at: () => {
				throw new UnknownValueError('a product');
			}
		};
	},
	Max: elementWise(Math.max),
	Min: elementWise(Math.min),
	Mul: elementWise((a, b) => a * b),
	Neg: elementWise((a) => -a),
	Not: elementWise((a) => yes(a === 0), 'boolean'),
	Or: elementWise((a, b) => yes(a !== 0 || b !== 0), 'boolean'),
	Range: range,
	Reshape: reshape,
	Shape: shape,
	Slice: slice,
	Squeeze: squeeze,
	Sub: elementWise((a, b) => a - b),
	Transpose: transpose,
	Trilu: trilu,
	Unsqueeze: unsqueeze,
	Where: where,
	Xor: elementWise((a, b) => yes((a !== 0) !== (b !== 0)), 'boolean')
};
