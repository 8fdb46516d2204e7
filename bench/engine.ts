import { ForwardPass } from '../analysis/engine/forward.ts';
import { LanguageHead, tokenLosses, vocabularyLogSums } from '../analysis/engine/head.ts';
import { CapturePass } from '../analysis/engine/capturePass.ts';
import { attentionLayout, windowEntries } from '../analysis/engine/layout.ts';
import { allRotary } from '../analysis/engine/rotary.ts';
import { createSession, createWeightSession, floats, tensor } from '../analysis/engine/session.ts';
import { weightFiles } from '../analysis/engine/weightFiles.ts';
import { WeightSource } from '../analysis/engine/weights.ts';
import type { StatisticsRequest } from '../analysis/engine/windowSums.ts';
import type { Checkpoint } from '../analysis/model/checkpoint/types.ts';
import { openCheckpoint } from '../analysis/model/checkpoint/open.ts';
import { WeightReader } from '../analysis/model/checkpoint/read.ts';
import { captureGraph } from '../analysis/graph/capture.ts';
import { gramGraph } from '../analysis/graph/gram.ts';
import type { Report } from './report.ts';
import { alternate, plainJob, type Job, type Timing } from './timing.ts';

/** The default of `spanwise analyze`. */
const WINDOWS = 8;
const REPEATS = 3;

const COSINE = { views: ['all'], gram: true, sqrt: false, jsQueries: null } as const;

/** Workloads timed against the bare forward pass: the sums of some metrics, over some windows. */
const VARIANTS: { title: string; windows: number; sums: Omit<StatisticsRequest, 'windowCount'> }[] =
	[
		{ title: 'cosine, view all, one window and so no null', windows: 1, sums: COSINE },
		{ title: 'cosine, view all, with its null', windows: WINDOWS, sums: COSINE },
		{
			title: 'cosine, both views, with their nulls',
			windows: WINDOWS,
			sums: { ...COSINE, views: ['all', 'no-sink'] }
		},
		{
			title: 'hellinger, view all',
			windows: WINDOWS,
			sums: { ...COSINE, gram: false, sqrt: true }
		},
		{
			title: 'js of 32 queries, view all',
			windows: WINDOWS,
			sums: { ...COSINE, gram: false, jsQueries: 32 }
		},
		{
			title: 'every metric, both views',
			windows: WINDOWS,
			sums: { views: ['all', 'no-sink'], gram: true, sqrt: true, jsQueries: 32 }
		}
	];

/** A model in memory, with windows of tokens (any will do) and everything that runs them. */
export class BenchModel {
	readonly forward: ForwardPass;
	readonly #head: LanguageHead;
	readonly #checkpoint: Checkpoint;
	readonly #weights: WeightSource;
	readonly #reader: WeightReader;
	readonly #layout;
	readonly #windows: number[][];

	private constructor(
		forward: ForwardPass,
		head: LanguageHead,
		checkpoint: Checkpoint,
		weights: WeightSource,
		reader: WeightReader,
		layout: ReturnType<typeof attentionLayout>,
		windows: number[][]
	) {
		this.forward = forward;
		this.#head = head;
		this.#checkpoint = checkpoint;
		this.#weights = weights;
		this.#reader = reader;
		this.#layout = layout;
		this.#windows = windows;
	}

	static async open(folder: string, context: number, windowCount: number): Promise<BenchModel> {
		const checkpoint = await openCheckpoint(folder);
		const { config } = checkpoint;
		const reader = new WeightReader();
		const weights = new WeightSource(checkpoint, reader, { resident: true, hasher: null });
		const layout = attentionLayout(config, context);
		const windows = Array.from({ length: windowCount }, (_, window) =>
			Array.from({ length: context }, (__, index) => (index * 37 + window * 101) % config.vocab)
		);
		return new BenchModel(
			new ForwardPass(config, layout, weights),
			await LanguageHead.open(config, context, weights),
			checkpoint,
			weights,
			reader,
			layout,
			windows
		);
	}

	/** The forward pass with its loss, nothing captured, layer by layer, as plans are run. */
	async plain(): Promise<void> {
		for (const ids of this.#windows) {
			const state = await this.forward.start(ids, null);
			await this.forward.run([state]);
			await this.#head.losses([{ hidden: state.hidden, ids }]);
		}
	}

	/** Returns the job of the same pass in one graph, as `captured`, of which only the loss is wanted. */
	uncaptured(): Job {
		const ready = async () => {
			const { config } = this.#checkpoint;
			const weights = this.#weightsOfGraph();
			const { folder, locationOf } = await weightFiles(this.#checkpoint);
			const { context, blocks } = this.#layout;
			const graph = captureGraph({
				...{ checkpoint: this.#checkpoint, context, blocks, locationOf },
				statistics: [],
				split: false
			});
			const session = await createWeightSession(graph, folder);
			const rotary = allRotary(config, context);
			const timed = async () => {
				for (const ids of this.#windows) {
					const hidden = tensor(await weights.embed(ids), [context, config.hidden]);
					const outputs = await session.run({ ...rotary, hidden });
					const targets = await weights.outputRows(ids.slice(1));
					const logSums = vocabularyLogSums(outputs, context);
					tokenLosses(floats(outputs, 'normed'), targets, logSums, config);
				}
			};
			const done = async () => {
				await session.release();
				await weights.release();
			};
			return { timed, done };
		};
		return { ready };
	}

	/** Embedding and targets alone: the graph has the others. */
	#weightsOfGraph(): WeightSource {
		return new WeightSource(this.#checkpoint, this.#reader, { resident: false, hasher: null });
	}

	/** Returns the job of `analyze`: attention captured and summed, and losses, by one graph; its session is made untimed. */
	captured(request: StatisticsRequest): Job {
		const ready = async () => {
			const weights = this.#weightsOfGraph();
			const pass = await CapturePass.open(this.#checkpoint, this.#layout, request, weights);
			const timed = async () => {
				for (const [window, ids] of this.#windows.entries()) await pass.add(ids, window);
				await pass.finish();
			};
			const done = async () => {
				await pass.release();
				await weights.release();
			};
			return { timed, done };
		};
		return { ready };
	}

	async close(): Promise<void> {
		await this.forward.release();
		await this.#head.release();
		await this.#weights.release();
		await this.#reader.close();
	}
}

/** (a) capture and Gram against the bare forward pass. */
export async function benchCapture(
	report: Report,
	folder: string,
	name: string,
	context: number,
	atMost: number,
	which: 'cosine' | 'every metric'
): Promise<void> {
	for (const windows of [1, WINDOWS]) {
		const variants = VARIANTS.filter(
			(variant) =>
				variant.windows === windows && (which === 'every metric' || variant.sums === COSINE)
		);
		const model = await BenchModel.open(folder, context, windows);
		const jobs = variants.map(({ title, sums }): [string, Job] => [
			title,
			model.captured({ ...sums, windowCount: windows })
		]);
		const repeats = windows === 1 ? REPEATS * WINDOWS : REPEATS;
		const plain = 'plain';
		const times = await alternate<string>(
			{
				[plain]: model.uncaptured(),
				...Object.fromEntries(jobs)
			},
			repeats
		);
		await model.close();
		for (const { title, sums } of variants) {
			report.add({
				id: 'a',
				what: `${name}, ${context} tokens: analyze (${title}) ÷ the same forward pass`,
				value: times[title].medianMs / times[plain].medianMs,
				unit: '',
				aim: sums === COSINE ? { atMost } : null,
				detail: `${perWindow(times[title], windows)} against ${perWindow(times[plain], windows)} a window; the loss is in both; sessions made before`
			});
		}
	}
}

/** (b) how much of the machine's matrix product the forward pass reaches. */
export async function benchThroughput(
	report: Report,
	folder: string,
	name: string,
	context: number
): Promise<void> {
	const checkpoint = await openCheckpoint(folder);
	const operations = forwardOperations(checkpoint.config, context);
	const model = await BenchModel.open(folder, context, 1);
	// No power of two, at which the cache would hold the product back.
	const size = 2000;
	const values = tensor(new Float32Array(size * size).fill(0.5), [size, size]);
	const session = await createSession(gramGraph());
	const times = await alternate(
		{
			plain: plainJob(() => model.plain()),
			product: plainJob(async () => {
				await session.run({ values });
			})
		},
		REPEATS * 3
	);
	await session.release();
	await model.close();
	const forwardRate = operations / times.plain.medianMs / 1e6;
	const productRate = (2 * size ** 3) / times.product.medianMs / 1e6;
	report.add({
		id: 'b',
		what: `${name}, ${context} tokens: GFLOP/s of the forward pass ÷ of one matrix product`,
		value: forwardRate / productRate,
		unit: '',
		aim: name === 'made-up-wide' ? { atLeast: 0.6 } : null,
		detail: `${forwardRate.toFixed(0)} against ${productRate.toFixed(0)} GFLOP/s (${size}³, float32); products of weights, causal blocks of attention and the output embedding counted`
	});
}

function forwardOperations(
	config: Awaited<ReturnType<typeof openCheckpoint>>['config'],
	context: number
): number {
	const { hidden, heads, kvHeads, headDim, intermediate, layers, vocab } = config;
	const weights = 2 * hidden * headDim * (heads + kvHeads) + 3 * hidden * intermediate;
	const attention = 4 * headDim * windowEntries(attentionLayout(config, context), layers);
	return 2 * context * (layers * weights + hidden * vocab) + attention;
}

function perWindow({ medianMs, lowMs, highMs }: Timing, windows: number): string {
	const each = (milliseconds: number): string => (milliseconds / windows).toFixed(0);
	return `${each(medianMs)} ms (${each(lowMs)}–${each(highMs)})`;
}
