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
	session: InferenceSession;
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

	private constructor(
		layout: AttentionLayout,
		request: StatisticsRequest,
		blocks: BlockSession[],
		divergences: DivergencePass[]
	) {
		this.#layout = layout;
		this.#blocks = blocks;
		this.#divergences = divergences;
		this.#sums = new WindowSums(layout, request);
	}

	static async open(layout: AttentionLayout, request: StatisticsRequest): Promise<StatisticsPass> {
		const blocks: BlockSession[] = [];
		for (const wanted of blockStatistics(layout, request)) {
			const totals = new Map<StatisticsView, Float32Array>();
			if (hasNull(request)) {
				for (const view of request.views) {
					const shape = viewShape(view, wanted.block);
					totals.set(view, new Float32Array(wanted.rows * shape.queryCount * shape.keyCount));
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
		const windowGrams = this.#sums.views.map(({ gram }) =>
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
			for (const [which, sums] of this.#sums.views.entries()) {
				addTo(windowGrams[which], output(`${sums.view}.gram`));
				addTo(sums.sqrt, output(`${sums.view}.sqrt`));
				await this.#addRows(which, output(`${sums.view}.rows`), wanted);
			}
			addTo(this.#sums.entropy, output('entropy'));
			addTo(this.#sums.firstMass, output('first'));
			await breathe();
		}
		for (const [which, { js }] of this.#sums.views.entries()) {
			if (js !== null)
				await this.#divergences[which].flush(js.subarray(0, this.#layout.layers ** 2));
		}
		this.#sums.addWindow(windowGrams);
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
		}
		await session.release();
	}

	async release(): Promise<void> {
		for (const { session } of this.#blocks) await session.release();
		for (const divergence of this.#divergences) await divergence.release();
	}
}
