import type { GraphView } from './graphView.ts';
import type { GraphInput } from './inputs.ts';
import { OPERATORS } from './lazyOperators.ts';
import { lazyTensor } from './lazyTensor.ts';
import { UnknownValueError, type LazyValue } from './lazyValue.ts';

/** Elements worked out for one question: a mask takes a few hundred, a graph made to keep us busy takes no more. */
const MOST_STEPS = 2_000_000;
/** Nodes above a value; deeper chains would fill the stack. */
const DEEPEST = 500;

/**
 * Works values of a graph out as they are when a window of `context` tokens is run at once, element by element and
 * without a session: masks, positions and shapes, which follow from the number of tokens alone. What depends on weights
 * or on the tokens themselves is not known (UnknownValueError).
 */
export class LazyGraph {
	readonly #view: GraphView;
	readonly #context: number;
	readonly #inputs: ReadonlyMap<string, GraphInput>;
	readonly #known = new Map<string, LazyValue>();
	#steps = 0;
	#depth = 0;

	constructor(view: GraphView, inputs: readonly GraphInput[], context: number) {
		this.#view = view;
		this.#context = context;
		this.#inputs = new Map(inputs.map((input) => [input.name, input]));
	}

	/** Throws UnknownValueError where it does not follow from the graph. */
	value(name: string): LazyValue {
		const known = this.#known.get(name);
		if (known !== undefined) return known;
		if (this.#depth >= DEEPEST) throw new UnknownValueError('a chain of too many nodes');
		this.#depth++;
		try {
			const made = this.#counted(this.#make(name));
			this.#known.set(name, made);
			return made;
		} finally {
			this.#depth--;
		}
	}

	#make(name: string): LazyValue {
		const tensor = this.#view.initializer(name);
		if (tensor !== null) return lazyTensor(tensor);
		const input = this.#inputs.get(name);
		if (input !== undefined) return this.#input(input);
		const node = this.#view.producerNode(name);
		const operator =
			node === null || (node.domain !== '' && node.domain !== 'ai.onnx')
				? undefined
				: OPERATORS[node.opType];
		if (node === null || operator === undefined) {
			throw new UnknownValueError(`${name}: made by ${node?.opType ?? 'nothing'}`);
		}
		return operator(
			node,
			node.input.map((each) => (each === '' ? null : this.value(each)))
		);
	}

	#input({ name, role, dims }: GraphInput): LazyValue {
		const unknown = (): number => {
			throw new UnknownValueError(`${name}: what is read`);
		};
		const at = {
			ids: unknown,
			past: unknown,
			mask: () => 1,
			positions: (index: readonly number[]) => index.at(-1) ?? 0,
			zeros: () => 0
		}[role];
		return { dims: dims(this.#context), kind: role === 'past' ? 'float' : 'integer', at };
	}

	#counted(value: LazyValue): LazyValue {
		return {
			...value,
			at: (index) => {
				this.#steps++;
				if (this.#steps > MOST_STEPS) throw new UnknownValueError('too much work');
				const inside = value.dims.every((size, axis) => index[axis] >= 0 && index[axis] < size);
				if (!inside) throw new UnknownValueError(`[${index.join()}] of [${value.dims.join()}]`);
				return value.at(index);
			}
		};
	}
}
