import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { gramGraph } from '../graph/gram.ts';
import { statisticsGraph, viewShape, type BlockStatistics } from '../graph/statistics.ts';
import { blockEntries } from '../graph/blocks.ts';
import { DivergencePass } from './divergence.ts';
import type { AttentionLayout, WindowAttention } from './layout.ts';
import { PROFILE_QUERIES, sampledQueries } from './sampling.ts';
import { breathe, createSession, floats, tensor, type Tensors } from './session.ts';

export type StatisticsView = 'all' | 'no-sink';

/** What is to be summed. */
export interface StatisticsRequest {
	views: readonly StatisticsView[];
	/** Gram sums of P, with per-window sums and, from two windows on, the null. */
	gram: boolean;
	/** Gram sums of √P. */
	sqrt: boolean;
	/** Queries a window for Jensen–Shannon divergences; null: none. */
	jsQueries: number | 'all' | null;
	/** How many windows will be added. */
	windowCount: number;
}

/** Sums of one view; shapes as in similarity/types.ts (ViewSums). */
export interface CapturedSums {
	view: StatisticsView;
	gram: Float64Array | null;
	sqrt: Float64Array | null;
	null: Float64Array | null;
	windows: Float64Array | null;
	js: Float64Array | null;
}

interface BlockSession {
	session: InferenceSession;
	wanted: BlockStatistics;
	/** Running sums of the probabilities over windows, by view, for the null. */
	totals: Map<StatisticsView, Float32Array>;
}

/** Reads everything that is kept of the captured attention, one window at a time. */
export class StatisticsPass {
	readonly #layout: AttentionLayout;
	readonly #request: StatisticsRequest;
	readonly #blocks: BlockSession[];
	/** One a view, where divergences are asked for. */
	readonly #divergences: DivergencePass[];
	readonly #sums: CapturedSums[];
	readonly #entropy: Float64Array;
	readonly #firstMass: Float64Array;
	#windows = 0;

	private constructor(
		layout: AttentionLayout,
		request: StatisticsRequest,
		blocks: BlockSession[],
		divergences: DivergencePass[]
	) {
		this.#layout = layout;
		this.#request = request;
		this.#blocks = blocks;
		this.#divergences = divergences;
		const { layers, heads } = layout;
		const rows = layers * heads;
		const square = (wanted: boolean): Float64Array | null =>
			wanted ? new Float64Array(rows * rows) : null;
		this.#sums = request.views.map((view) => ({
			view,
			gram: square(request.gram),
			sqrt: square(request.sqrt),
			null: square(request.gram && request.windowCount > 1),
			windows: request.gram ? new Float64Array(request.windowCount * 2 * layers * layers) : null,
			js: request.jsQueries === null ? null : new Float64Array(2 * layers * layers)
		}));
		this.#entropy = new Float64Array(rows);
		this.#firstMass = new Float64Array(rows);
	}

	static async open(layout: AttentionLayout, request: StatisticsRequest): Promise<StatisticsPass> {
		const queries = sampledQueries(layout.context, request.jsQueries ?? PROFILE_QUERIES);
		const total = request.gram && request.windowCount > 1;
		const blocks: BlockSession[] = [];
		for (const block of layout.blocks) {
			const inBlock = queries
				.map((query) => query - block.queryStart)
				.filter((query) => query >= 0 && query < block.queryCount);
			const { firstQuery } = viewShape('no-sink', block);
			const rows = layout.layers * layout.heads;
			const wanted: BlockStatistics = {
				rows,
				block,
				views: request.views.map((view) => ({
					view,
					gram: request.gram,
					sqrt: request.sqrt,
					total
				})),
				sampled: {
					all: inBlock,
					noSink: inBlock.map((query) => query - firstQuery).filter((query) => query >= 0)
				},
				js: request.jsQueries !== null
			};
			const totals = new Map<StatisticsView, Float32Array>();
			if (total) {
				for (const view of request.views) {
					const shape = viewShape(view, block);
					totals.set(view, new Float32Array(rows * shape.queryCount * shape.keyCount));
				}
			}
			blocks.push({ session: await createSession(statisticsGraph(wanted)), wanted, totals });
		}
		const divergences: DivergencePass[] = [];
		if (request.jsQueries !== null) {
			for (let view = 0; view < request.views.length; view++)
				divergences.push(await DivergencePass.open(layout.layers));
		}
		return new StatisticsPass(layout, request, blocks, divergences);
	}

	/** Adds one window's probabilities, all layers kept in order, to every sum. */
	async add(attention: WindowAttention): Promise<void> {
		const rows = this.#layout.layers * this.#layout.heads;
		const windowGrams = this.#sums.map(({ gram }) =>
			gram === null ? null : new Float64Array(gram.length)
		);
		for (const [index, { session, wanted, totals }] of this.#blocks.entries()) {
			const feeds: Tensors = {
				probabilities: tensor(attention.blocks[index], [rows, blockEntries(wanted.block)])
			};
			const fetches: Record<string, Tensor | null> = {};
			for (const name of session.outputNames) fetches[name] = null;
			for (const [view, total] of totals) {
				if (total.length === 0) continue;
				// Input and output are one buffer: the sum is formed in place.
				feeds[`${view}.sum`] = tensor(total, [rows, total.length / rows]);
				fetches[`${view}.total`] = tensor(total, [rows, total.length / rows]);
			}
			const outputs = await session.run(feeds, fetches);
			const output = (name: string): Float32Array | null =>
				session.outputNames.includes(name) ? floats(outputs, name) : null;
			for (const [which, sums] of this.#sums.entries()) {
				addTo(windowGrams[which], output(`${sums.view}.gram`));
				addTo(sums.sqrt, output(`${sums.view}.sqrt`));
				await this.#addRows(which, output(`${sums.view}.rows`), wanted);
			}
			addTo(this.#entropy, output('entropy'));
			addTo(this.#firstMass, output('first'));
			await breathe();
		}
		for (const [which, { js }] of this.#sums.entries()) {
			if (js !== null)
				await this.#divergences[which].flush(js.subarray(0, this.#layout.layers ** 2));
		}
		this.#sums.forEach((sums, which) => this.#addWindow(sums, windowGrams[which]));
		this.#windows++;
	}

	async #addRows(which: number, rows: Float32Array | null, wanted: BlockStatistics): Promise<void> {
		const { view, js } = this.#sums[which];
		if (rows === null || js === null) return;
		const { layers, heads } = this.#layout;
		const cells = layers * layers;
		await this.#divergences[which].add(rows, js.subarray(0, cells));
		const sampled = view === 'all' ? wanted.sampled.all : wanted.sampled.noSink;
		for (let cell = cells; cell < 2 * cells; cell++) js[cell] += heads * sampled.length;
	}

	/** Adds a window's Gram matrix, and keeps its sums over equal heads and over all pairs of heads. */
	#addWindow(sums: CapturedSums, gram: Float64Array | null): void {
		if (sums.gram === null || sums.windows === null || gram === null) return;
		addTo(sums.gram, gram);
		const { layers, heads } = this.#layout;
		const rows = layers * heads;
		const cells = layers * layers;
		const first = this.#windows * 2 * cells;
		for (let row = 0; row < rows; row++) {
			const rowCell = first + Math.floor(row / heads) * layers;
			for (let column = 0; column < rows; column++) {
				const cell = rowCell + Math.floor(column / heads);
				const value = gram[row * rows + column];
				if (row % heads === column % heads) sums.windows[cell] += value;
				sums.windows[cell + cells] += value;
			}
		}
	}

	/** The sums over all windows added; the null's Gram matrix is worked out from the running totals. */
	async finish(): Promise<{ sums: CapturedSums[]; profile: Profile }> {
		if (this.#sums.some((sums) => sums.null !== null)) await this.#addNulls();
		return { sums: this.#sums, profile: this.#profile() };
	}

	async #addNulls(): Promise<void> {
		const rows = this.#layout.layers * this.#layout.heads;
		const session = await createSession(gramGraph());
		for (const sums of this.#sums) {
			for (const { totals } of this.#blocks) {
				const total = totals.get(sums.view);
				if (total === undefined || total.length === 0) continue;
				const outputs = await session.run({ values: tensor(total, [rows, total.length / rows]) });
				addTo(sums.null, floats(outputs, 'gram'));
				await breathe();
			}
		}
		await session.release();
	}

	#profile(): Profile {
		const { layers, heads, context } = this.#layout;
		const queries = sampledQueries(context, this.#request.jsQueries ?? PROFILE_QUERIES).length;
		const count = heads * queries * this.#windows;
		const meanPerLayer = (sums: Float64Array): number[] =>
			Array.from(
				{ length: layers },
				(_, layer) =>
					sums.subarray(layer * heads, (layer + 1) * heads).reduce((sum, value) => sum + value, 0) /
					count
			);
		return {
			queriesPerWindow: queries,
			entropyNats: meanPerLayer(this.#entropy),
			firstTokenMass: meanPerLayer(this.#firstMass)
		};
	}

	async release(): Promise<void> {
		for (const { session } of this.#blocks) await session.release();
		for (const divergence of this.#divergences) await divergence.release();
	}
}

/** Per layer, mean over heads and the sampled queries of every window. */
export interface Profile {
	queriesPerWindow: number;
	entropyNats: number[];
	firstTokenMass: number[];
}

function addTo(sums: Float64Array | null, values: ArrayLike<number> | null): void {
	if (sums === null || values === null) return;
	for (let index = 0; index < values.length; index++) sums[index] += values[index];
}
