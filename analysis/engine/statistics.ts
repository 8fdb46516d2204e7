import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { gramGraph } from '../graph/gram.ts';
import {
	statisticsGraph,
	viewShape,
	type BlockStatistics,
	type StatisticsView
} from '../graph/statistics.ts';
import { blockEntries } from '../graph/blocks.ts';
import { DivergencePass } from './divergence.ts';
import type { AttentionLayout, WindowAttention } from './layout.ts';
import { breathe, createSession, floats, tensor, type Tensors } from './session.ts';
import {
	addTo,
	blockStatistics,
	hasNull,
	WindowSums,
	type CapturedSums,
	type Profile,
	type StatisticsRequest
} from './windowSums.ts';

export type { CapturedSums, Profile, StatisticsRequest } from './windowSums.ts';
export type { StatisticsView } from '../graph/statistics.ts';

interface BlockSession {
	/** null: it is made when the block comes, and freed after it. */
	session: InferenceSession | null;
	wanted: BlockStatistics;
	/** Running sums of the probabilities over windows, by view, for the null. */
	totals: Map<StatisticsView, Float32Array>;
}

/** Reads everything that is kept of the captured attention, one window at a time. */
export class StatisticsPass {
	readonly #layout: AttentionLayout;
	readonly #blocks: BlockSession[];
	/** One a view, where divergences are asked for. */
	readonly #divergences: DivergencePass[];
	readonly #sums: WindowSums;
	/** Gram matrices of the window at hand, by view. */
	#windowGrams: (Float64Array | null)[];
	/** Gram sums over the blocks that the null is sampled from, by view; null: it is not sampled. */
	readonly #sampled: Map<StatisticsView, Float64Array> | null;

	private constructor(
		layout: AttentionLayout,
		request: StatisticsRequest,
		blocks: BlockSession[],
		divergences: DivergencePass[],
		isNullSampled: boolean
	) {
		this.#layout = layout;
		this.#blocks = blocks;
		this.#divergences = divergences;
		this.#sums = new WindowSums(layout, request);
		this.#windowGrams = this.#emptyGrams();
		const rows = layout.layers * layout.heads;
		this.#sampled =
			isNullSampled && hasNull(request)
				? new Map(request.views.map((view) => [view, new Float64Array(rows * rows)]))
				: null;
	}

	/**
	 * `nullBlocks` are the query blocks that the null is taken from, with which a window comes block by block and only one
	 * block's session is held at a time; null: it is taken from all of them.
	 */
	static async open(
		layout: AttentionLayout,
		request: StatisticsRequest,
		nullBlocks: readonly number[] | null = null
	): Promise<StatisticsPass> {
		const blocks: BlockSession[] = [];
		for (const [index, all] of blockStatistics(layout, request).entries()) {
			const hasTotals = hasNull(request) && (nullBlocks?.includes(index) ?? true);
			const wanted = {
				...all,
				views: all.views.map((view) => ({ ...view, total: hasTotals }))
			};
			const totals = new Map<StatisticsView, Float32Array>();
			if (hasTotals) {
				for (const view of request.views) {
					const shape = viewShape(view, wanted.block);
					totals.set(view, new Float32Array(wanted.rows * shape.queryCount * shape.keyCount));
				}
			}
			const session = nullBlocks === null ? await createSession(statisticsGraph(wanted)) : null;
			blocks.push({ session, wanted, totals });
		}
		const divergences: DivergencePass[] = [];
		if (request.jsQueries !== null) {
			for (let view = 0; view < request.views.length; view++)
				divergences.push(await DivergencePass.open(layout.layers));
		}
		return new StatisticsPass(layout, request, blocks, divergences, nullBlocks !== null);
	}

	/** Adds one window's probabilities, all layers kept in order, to every sum. */
	async add(attention: WindowAttention): Promise<void> {
		for (const [index, values] of attention.blocks.entries()) await this.addBlock(index, values);
		await this.endWindow();
	}

	/** Adds one query block of a window, [L, H, queryCount·keyCount]. */
	async addBlock(index: number, values: Float32Array): Promise<void> {
		const rows = this.#layout.layers * this.#layout.heads;
		const { session: kept, wanted, totals } = this.#blocks[index];
		const session = kept ?? (await createSession(statisticsGraph(wanted)));
		const feeds: Tensors = {
			probabilities: tensor(values, [rows, blockEntries(wanted.block)])
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
		for (const [which, sums] of this.#sums.views.entries()) {
			const gram = output(`${sums.view}.gram`);
			addTo(this.#windowGrams[which], gram);
			if (totals.has(sums.view)) addTo(this.#sampled?.get(sums.view) ?? null, gram);
			addTo(sums.sqrt, output(`${sums.view}.sqrt`));
			await this.#addRows(which, output(`${sums.view}.rows`), wanted);
		}
		addTo(this.#sums.entropy, output('entropy'));
		addTo(this.#sums.firstMass, output('first'));
		if (kept === null) await session.release();
		await breathe();
	}

	/** Ends a window, whose blocks were all added. */
	async endWindow(): Promise<void> {
		for (const [which, { js }] of this.#sums.views.entries()) {
			if (js !== null)
				await this.#divergences[which].flush(js.subarray(0, this.#layout.layers ** 2));
		}
		this.#sums.addWindow(this.#windowGrams);
		this.#windowGrams = this.#emptyGrams();
	}

	#emptyGrams(): (Float64Array | null)[] {
		return this.#sums.views.map(({ gram }) =>
			gram === null ? null : new Float64Array(gram.length)
		);
	}

	async #addRows(which: number, rows: Float32Array | null, wanted: BlockStatistics): Promise<void> {
		const { view, js } = this.#sums.views[which];
		if (rows === null || js === null) return;
		await this.#divergences[which].add(rows, js.subarray(0, this.#layout.layers ** 2));
		const sampled = view === 'all' ? wanted.sampled.all : wanted.sampled.noSink;
		this.#sums.countRows(which, sampled.length);
	}

	/** The sums over all windows added; the null's Gram matrix is worked out from the running totals. */
	async finish(): Promise<{ sums: CapturedSums[]; profile: Profile }> {
		const views = this.#sums.views;
		if (views.some((sums) => sums.null !== null)) await this.#addNulls();
		return { sums: views, profile: this.#sums.profile() };
	}

	async #addNulls(): Promise<void> {
		const rows = this.#layout.layers * this.#layout.heads;
		const session = await createSession(gramGraph());
		for (const sums of this.#sums.views) {
			for (const { totals } of this.#blocks) {
				const total = totals.get(sums.view);
				if (total === undefined || total.length === 0) continue;
				const outputs = await session.run({ values: tensor(total, [rows, total.length / rows]) });
				addTo(sums.null, floats(outputs, 'gram'));
				await breathe();
			}
			this.#scaleNull(sums);
		}
		await session.release();
	}

	/**
	 * Scales a sampled null up to all blocks: it keeps the cosine between heads across windows in the sampled blocks, and
	 * takes the norms that the heads have in all blocks.
	 */
	#scaleNull({ view, gram, null: across }: CapturedSums): void {
		const sampled = this.#sampled?.get(view);
		if (sampled === undefined || gram === null || across === null) return;
		const rows = this.#layout.layers * this.#layout.heads;
		const norm = (of: Float64Array, row: number) => Math.sqrt(of[row * rows + row]);
		const scale = Array.from({ length: rows }, (_, row) =>
			norm(sampled, row) > 0 ? norm(gram, row) / norm(sampled, row) : 0
		);
		for (let one = 0; one < rows; one++)
			for (let other = 0; other < rows; other++) {
				const at = one * rows + other;
				across[at] = gram[at] + (across[at] - sampled[at]) * scale[one] * scale[other];
			}
	}

	async release(): Promise<void> {
		for (const { session } of this.#blocks) await session?.release();
		for (const divergence of this.#divergences) await divergence.release();
	}
}
