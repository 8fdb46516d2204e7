import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { checkFinite } from '../finite.ts';
import { blockPrefix, captureGraph, gramName, layerGroups } from '../graph/capture.ts';
import type { BlockStatistics } from '../graph/statistics.ts';
import { withHalfProducts } from '../graph/halfProducts.ts';
import { forWebgpu } from '../graph/webgpu.ts';
import type { Checkpoint } from '../model/checkpoint/types.ts';
import { DivergencePass } from './divergence.ts';
import { tokenLosses, vocabularyLogSums } from './head.ts';
import type { AttentionLayout } from './layout.ts';
import type { ChosenDevice } from './onnxDevices.ts';
import { allRotary } from './rotary.ts';
import { runningSums, type RunningSums } from './runningSums.ts';
import {
	breathe,
	createWeightSession,
	floats,
	isWorthPacking,
	tensor,
	type Tensors
} from './session.ts';
import { weightFiles } from './weightFiles.ts';
import type { WeightSource } from './weights.ts';
import {
	addTo,
	blockStatistics,
	hasNull,
	WindowSums,
	type CapturedSums,
	type Profile,
	type StatisticsRequest
} from './windowSums.ts';

/**
 * A model that is in memory as one graph, and all that is read of a window: what comes out of a run are sums. Only the
 * running sums for the null pass in and out.
 */
export class CapturePass {
	readonly #checkpoint: Checkpoint;
	readonly #layout: AttentionLayout;
	readonly #weights: WeightSource;
	readonly #session: InferenceSession;
	readonly #statistics: readonly BlockStatistics[];
	readonly #running: RunningSums | null;
	readonly #divergences: readonly DivergencePass[];
	readonly #rotary: Tensors;
	readonly #sums: WindowSums;

	private constructor(
		checkpoint: Checkpoint,
		layout: AttentionLayout,
		request: StatisticsRequest,
		weights: WeightSource,
		session: InferenceSession,
		running: RunningSums | null,
		divergences: readonly DivergencePass[]
	) {
		this.#checkpoint = checkpoint;
		this.#layout = layout;
		this.#weights = weights;
		this.#session = session;
		this.#divergences = divergences;
		this.#statistics = blockStatistics(layout, request);
		this.#running = running;
		this.#rotary = allRotary(checkpoint.config, layout.context);
		this.#sums = new WindowSums(layout, request);
	}

	/** Makes the session; the thread is blocked while weights are widened and packed. */
	static async open(
		checkpoint: Checkpoint,
		layout: AttentionLayout,
		request: StatisticsRequest,
		weights: WeightSource,
		{ device, dtype = 'float32' }: Omit<ChosenDevice, 'why'> = { device: 'cpu' }
	): Promise<CapturePass> {
		const { folder, locationOf } = await weightFiles(checkpoint);
		const whole = captureGraph({
			checkpoint,
			context: layout.context,
			blocks: layout.blocks,
			statistics: blockStatistics(layout, request),
			locationOf,
			split: device === 'webgpu'
		});
		const graph = dtype === 'float16' ? withHalfProducts(whole) : whole;
		const running = hasNull(request) ? runningSums(layout, request, device) : null;
		const session = await createWeightSession(
			device === 'webgpu' ? forWebgpu(graph) : graph,
			folder,
			{ device, kept: running?.kept, packed: device !== 'cpu' || isWorthPacking(layout.context) }
		);
		const divergences: DivergencePass[] = [];
		if (request.jsQueries !== null) {
			for (let view = 0; view < request.views.length; view++)
				divergences.push(await DivergencePass.open(layout.layers));
		}
		return new CapturePass(checkpoint, layout, request, weights, session, running, divergences);
	}

	/**
	 * Adds a window to every sum. Natural-log losses of its tokens after the first, [S − 1]. Throws InputError where a
	 * hidden state or a loss is not finite.
	 */
	async add(ids: readonly number[], window: number): Promise<Float64Array> {
		const { hidden: width } = this.#checkpoint.config;
		const feeds: Tensors = {
			...this.#rotary,
			hidden: tensor(await this.#weights.embed(ids), [this.#layout.context, width])
		};
		const fetches: Record<string, Tensor | null> = {};
		for (const name of this.#session.outputNames) fetches[name] = null;
		this.#running?.enter(feeds, fetches);
		const outputs = await this.#session.run(feeds, fetches);
		this.#running?.leave(outputs);
		this.#checkStates(floats(outputs, 'states'), window);
		await this.#addSums(outputs);
		const losses = await this.#losses(outputs, ids);
		await breathe();
		return losses;
	}

	/** The sums over all windows added; the null's Gram matrix is worked out from the running sums. */
	async finish(): Promise<{ sums: CapturedSums[]; profile: Profile }> {
		await this.#running?.addNulls(this.#sums.views);
		return { sums: this.#sums.views, profile: this.#sums.profile() };
	}

	async release(): Promise<void> {
		this.#running?.release();
		await this.#session.release();
		for (const divergence of this.#divergences) await divergence.release();
	}

	/** A sum of a hidden state's entries is no number where one of them is none. */
	#checkStates(sums: Float32Array, window: number): void {
		for (const [index, sum] of sums.entries()) {
			const where = index === 0 ? 'before layer 0' : `after layer ${index - 1}`;
			const what = `window ${window}: the hidden state ${where}`;
			checkFinite([sum], this.#checkpoint.folder, what);
		}
	}

	async #addSums(outputs: InferenceSession.OnnxValueMapType): Promise<void> {
		const output = (name: string): Float32Array | null =>
			this.#session.outputNames.includes(name) ? floats(outputs, name) : null;
		const cells = this.#layout.layers ** 2;
		const grams: (Float64Array | null)[] = [];
		for (const [index, sums] of this.#sums.views.entries()) {
			grams.push(this.#whole(outputs, sums.view, 'gram', sums.gram));
			addTo(sums.sqrt, this.#whole(outputs, sums.view, 'sqrt', sums.sqrt));
			if (sums.js === null) continue;
			for (const [block, { sampled }] of this.#statistics.entries()) {
				const rows = output(`${blockPrefix(block)}${sums.view}.rows`);
				if (rows === null) continue;
				await this.#divergences[index].add(rows, sums.js.subarray(0, cells));
				const picked = sums.view === 'all' ? sampled.all : sampled.noSink;
				this.#sums.countRows(index, picked.length);
			}
			await this.#divergences[index].flush(sums.js.subarray(0, cells));
		}
		for (const block of this.#statistics.keys()) {
			addTo(this.#sums.entropy, output(`${blockPrefix(block)}entropy`));
			addTo(this.#sums.firstMass, output(`${blockPrefix(block)}first`));
		}
		this.#sums.addWindow(grams);
	}

	/** A window's Gram matrix, [L·H, L·H], from the pieces of its upper triangle; null: not asked for. */
	#whole(
		outputs: InferenceSession.OnnxValueMapType,
		view: CapturedSums['view'],
		which: 'gram' | 'sqrt',
		wanted: Float64Array | null
	): Float64Array | null {
		if (wanted === null) return null;
		const { layers, heads } = this.#layout;
		const size = layers * heads;
		const whole = new Float64Array(size * size);
		const groups = layerGroups(layers, heads);
		for (const [first, one] of groups.entries()) {
			for (let second = first; second < groups.length; second++) {
				const other = groups[second];
				const values = floats(outputs, gramName(view, which, { first, second }));
				const columns = (other.end - other.first) * heads;
				for (let index = 0; index < values.length; index++) {
					const row = one.first * heads + Math.floor(index / columns);
					const column = other.first * heads + (index % columns);
					whole[row * size + column] = values[index];
					whole[column * size + row] = values[index];
				}
			}
		}
		return whole;
	}

	async #losses(
		outputs: InferenceSession.OnnxValueMapType,
		ids: readonly number[]
	): Promise<Float64Array> {
		const { context } = this.#layout;
		const logSums = vocabularyLogSums(outputs, context);
		const targets = await this.#weights.outputRows(ids.slice(1));
		const losses = tokenLosses(
			floats(outputs, 'normed'),
			targets,
			logSums,
			this.#checkpoint.config
		);
		checkFinite(losses, this.#checkpoint.folder, 'the loss');
		return losses;
	}
}
