import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { blockPrefix, layerGroups } from '../graph/capture.ts';
import { gramGraph, partsOf, splitGramGraph } from '../graph/gram.ts';
import { totalNames, viewShape } from '../graph/statistics.ts';
import type { AttentionLayout } from './layout.ts';
import type { OnnxDevice } from './onnxDevices.ts';
import {
	breathe,
	createDeviceSession,
	createSession,
	floats,
	tensor,
	type Tensors
} from './session.ts';
import { addTo, type CapturedSums, type StatisticsRequest } from './windowSums.ts';

/** The probabilities of a group of layers in one block and view, summed over windows, [rows, entries]. */
interface RunningSum {
	view: CapturedSums['view'];
	block: number;
	group: number;
	/** Queries of the block that the view looks at. */
	queries: number;
	/** Input and output of the window's graph. */
	sum: string;
	total: string;
	dims: readonly [number, number];
}

/** Probabilities summed over windows, which the null is made of: they pass through every window's run. */
export interface RunningSums {
	/** Outputs that stay where they are made. */
	readonly kept: readonly string[];
	/** Adds inputs and the places of outputs to those of a run. */
	enter(feeds: Tensors, fetches: Record<string, Tensor | null>): void;
	/** Takes the sums that a run has put out. */
	leave(outputs: InferenceSession.OnnxValueMapType): void;
	/** Adds the Gram matrices of the sums, [L·H, L·H] of each view, to the views' `null`. */
	addNulls(views: readonly CapturedSums[]): Promise<void>;
	release(): void;
}

/** The running sums of all blocks, views and groups of layers, at zero. */
export function runningSums(
	layout: AttentionLayout,
	request: StatisticsRequest,
	device: OnnxDevice
): RunningSums {
	const sums = sumsOf(layout, request);
	return device === 'cpu' ? new HostSums(layout, sums) : new DeviceSums(layout, sums);
}

/** In the program's memory: input and output are one buffer, the sum is formed in place. */
class HostSums implements RunningSums {
	readonly kept = [];
	readonly #layout: AttentionLayout;
	readonly #sums: readonly (RunningSum & { values: Float32Array })[];

	constructor(layout: AttentionLayout, sums: readonly RunningSum[]) {
		this.#layout = layout;
		this.#sums = sums.map((each) => ({ ...each, values: zeros(each) }));
	}

	enter(feeds: Tensors, fetches: Record<string, Tensor | null>): void {
		for (const { sum, total, dims, values } of this.#sums) {
			const place = tensor(values, dims);
			feeds[sum] = place;
			fetches[total] = place;
		}
	}

	leave(): void {
		// Formed in place.
	}

	async addNulls(views: readonly CapturedSums[]): Promise<void> {
		const { layers, heads, blocks } = this.#layout;
		const size = layers * heads;
		const groups = layerGroups(layers, heads);
		const session = await createSession(gramGraph());
		for (const { view, null: sums } of views) {
			for (const block of blocks.keys()) {
				const parts = this.#sums.filter((each) => each.view === view && each.block === block);
				if (parts.length === 0) continue;
				const joined = new Float32Array(parts.reduce((sum, { values }) => sum + values.length, 0));
				const width = joined.length / size;
				for (const { group, values } of parts)
					joined.set(values, groups[group].first * heads * width);
				const outputs = await session.run({ values: tensor(joined, [size, width]) });
				addTo(sums, floats(outputs, 'gram'));
				await breathe();
			}
		}
		await session.release();
	}

	release(): void {
		// Nothing but memory of this program.
	}
}

/** In the device's memory: hundreds of megabytes per window would pass to and fro otherwise. */
class DeviceSums implements RunningSums {
	readonly kept: readonly string[];
	readonly #layout: AttentionLayout;
	readonly #sums: readonly RunningSum[];
	/** By name of the output; none before the first window. */
	readonly #totals = new Map<string, Tensor>();

	constructor(layout: AttentionLayout, sums: readonly RunningSum[]) {
		this.#layout = layout;
		this.#sums = sums;
		this.kept = sums.map(({ total }) => total);
	}

	enter(feeds: Tensors): void {
		for (const each of this.#sums)
			feeds[each.sum] = this.#totals.get(each.total) ?? tensor(zeros(each), each.dims);
	}

	leave(outputs: InferenceSession.OnnxValueMapType): void {
		for (const { total } of this.#sums) {
			this.#totals.get(total)?.dispose();
			this.#totals.set(total, outputs[total]);
		}
	}

	async addNulls(views: readonly CapturedSums[]): Promise<void> {
		const { layers, heads } = this.#layout;
		const groups = layerGroups(layers, heads);
		const size = layers * heads;
		const sessions = new Map<number, InferenceSession>();
		for (const { view, null: sums } of views) {
			if (sums === null) continue;
			const ofView = this.#sums.filter((each) => each.view === view);
			for (const one of ofView) {
				const parts = partsOf(one.queries);
				const session = sessions.get(parts) ?? (await createDeviceSession(splitGramGraph(parts)));
				sessions.set(parts, session);
				for (const other of ofView) {
					if (other.block !== one.block || other.group < one.group) continue;
					const [first, second] = [one, other].map(({ total }) => this.#totals.get(total));
					if (first === undefined || second === undefined) continue;
					const outputs = await session.run({ first, second });
					const values = floats(outputs, 'gram');
					const [row, column] = [one, other].map(({ group }) => groups[group].first * heads);
					addPiece(sums, size, { row, column, columns: other.dims[0], values });
				}
			}
			await breathe();
		}
		for (const session of sessions.values()) await session.release();
	}

	release(): void {
		for (const total of this.#totals.values()) total.dispose();
		this.#totals.clear();
	}
}

/** A piece of the upper triangle of a symmetric matrix, row by row. */
interface Piece {
	row: number;
	column: number;
	columns: number;
	values: Float32Array;
}

/** Adds a piece of the upper triangle, and its mirror image where it is not on the diagonal, to [size, size]. */
function addPiece(matrix: Float64Array, size: number, piece: Piece): void {
	for (const [index, value] of piece.values.entries()) {
		const row = piece.row + Math.floor(index / piece.columns);
		const column = piece.column + (index % piece.columns);
		matrix[row * size + column] += value;
		if (piece.row !== piece.column) matrix[column * size + row] += value;
	}
}

function zeros({ dims }: RunningSum): Float32Array {
	return new Float32Array(dims[0] * dims[1]);
}

function sumsOf(layout: AttentionLayout, request: StatisticsRequest): RunningSum[] {
	const groups = layerGroups(layout.layers, layout.heads);
	return request.views.flatMap((view) =>
		layout.blocks.flatMap((each, block) => {
			const { queryCount, keyCount } = viewShape(view, each);
			const width = queryCount * keyCount;
			if (width === 0) return [];
			return groups.map(({ first, end }, group) => ({
				view,
				block,
				group,
				queries: queryCount,
				...totalNames(view, groups.length === 1 ? null : group, blockPrefix(block)),
				dims: [(end - first) * layout.heads, width] as const
			}));
		})
	);
}
