import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { parseUntrusted } from '../edge/parse.ts';
import { checkFinite } from '../finite.ts';
import { InputError } from '../errors.ts';
import type { CheckpointModel } from '../model/open.ts';
import type { ViewSums } from '../similarity/types.ts';
import { byQuestion, type Asked } from './asked.ts';
import type { Captured } from './captureSums.ts';
import type { TokenMaps } from './engine.ts';
import type { LayerSources, PlannedLayers } from './forward.ts';
import type { LossSink, OnWork, OutputError, Pair, Plans, PlansWork, Sequence } from './plans.ts';
import { encodeRepairs } from './repair/file.ts';
import type { LayerRepair, LayerRepairs } from './repair/repairs.ts';
import {
	answersPart,
	captured,
	comparisonPart,
	fileNumbers,
	induction,
	inlineNumbers,
	lossPart,
	modelFacts,
	outputErrors,
	repairs,
	tokenMaps,
	turned,
	type TorchFacts
} from './torchMessages.ts';
import { processesOf, pythonOf, type TorchDtype, type TorchSettings } from './torchSettings.ts';
import { TorchWorker } from './torchWorker.ts';
import type { Answered, Compared } from './variants.ts';

import type { StatisticsRequest } from './windowSums.ts';
import { plansWork } from './work.ts';

const PARTS = ['gram', 'sqrt', 'null', 'windows', 'js'] as const;
/** Rows of a comparison: losses of both, divergence, agreement. */
const ROWS = 4;
/** Windows of a comparison that are asked for together. */
const COMPARED_AT_ONCE = 16;

/** Device and type of the computation, as PyTorch names them. */
export interface TorchPlace {
	device: string;
	dtype: TorchDtype;
}

/** Called with the number of windows, or of plans times windows, that are done. */
type OnDone = (done: number) => void;
const nothing: OnDone = () => undefined;

/** A model in a Python worker that runs it on PyTorch: any device that it knows, the figures of the other engine. */
export class TorchRun implements Plans {
	/** Device and type that it runs with. */
	readonly place: TorchPlace;
	/** By layer, keys that a query sees at most, as transformers has it; null: all before it. */
	readonly #windows: (number | null)[];
	readonly #worker: TorchWorker;
	readonly #model: CheckpointModel;
	/** Folder in which the worker puts arrays too large for a line, and finds refitted weights. */
	readonly #folder: string;
	readonly #onClosed: () => void;
	#files = 0;
	readonly #repairs = new Map<LayerRepairs, string>();

	private constructor(
		worker: TorchWorker,
		model: CheckpointModel,
		folder: string,
		{ device, dtype, slidingWindows }: TorchFacts,
		onClosed: () => void
	) {
		this.#onClosed = onClosed;
		this.#worker = worker;
		this.#model = model;
		this.#folder = folder;
		this.place = { device, dtype };
		this.#windows = slidingWindows;
	}

	/** Starts a worker and loads the model there. Throws InputError where Python, device or model will not do. */
	static async open(
		model: CheckpointModel,
		{ device, dtype }: TorchSettings,
		onClosed: () => void = () => undefined
	): Promise<TorchRun> {
		const worker = await TorchWorker.start(pythonOf(process.env), {}, processesOf(device));
		const folder = await mkdtemp(join(tmpdir(), 'spanwise-torch-'));
		try {
			const found = await worker.ask('open', { model: model.path, device, dtype }, modelFacts);
			const { layers, heads } = model.facts;
			if (found.layers !== layers || found.heads !== heads) {
				throw new InputError(
					`${model.path}: transformers finds ${found.layers} layers × ${found.heads} heads; config.json says ${layers} × ${heads}`
				);
			}
			return new TorchRun(worker, model, folder, found, onClosed);
		} catch (error) {
			await worker.close();
			await rm(folder, { recursive: true, force: true });
			throw error;
		}
	}

	/** Sums of what every layer attends to, over all windows, and their mean loss. */
	async capture(
		windows: readonly Sequence[],
		wants: StatisticsRequest,
		onDone: OnDone = nothing
	): Promise<Captured> {
		const { layers, heads } = this.#model.facts;
		const request = {
			windows: windows.map(({ ids }) => ids),
			views: wants.views,
			gram: wants.gram,
			sqrt: wants.sqrt,
			js: wants.jsQueries,
			folder: this.#newFolder()
		};
		const found = await this.#worker.ask('capture', request, captured, {
			onProgress: ({ done }) => onDone(done)
		});
		const files: Partial<typeof found.files> = found.files;
		const sums: ViewSums[] = [];
		for (const view of wants.views) {
			const part = async (name: (typeof PARTS)[number]) => {
				const file = files[`${view}.${name}`];
				if (file === undefined) return null;
				const numbers = await fileNumbers(file);
				checkFinite(numbers, this.#model.path, `${view}.${name}`);
				return numbers;
			};
			const [gram, sqrt, nulls, perWindowSums, js] = await Promise.all(PARTS.map(part));
			const read = { gram, sqrt, null: nulls, windows: perWindowSums, js };
			sums.push({ view, layers, heads, windowCount: windows.length, ...read });
		}
		const losses = inlineNumbers(found.nll);
		const loss = losses.reduce((sum, value) => sum + value, 0) / losses.length;
		const seen = { reach: this.#windows, notes: [] };
		return { sums, profile: found.profile, loss, seen };
	}

	async losses(
		plans: readonly PlannedLayers[],
		sequences: readonly Sequence[],
		scored: number,
		sink: LossSink
	): Promise<void> {
		for (const { missing, group } of groupsOf(plans.length, sequences.length, sink)) {
			const work = this.#workOf(sequences[group[0]], scored);
			const request = {
				plans: await Promise.all(missing.map((plan) => this.#planOf(plans[plan]))),
				windows: group.map((window) => sequences[window].ids),
				scored
			};
			await this.#worker.ask('losses', request, v.unknown(), {
				onPart: async (given) => {
					const part = parseUntrusted(lossPart, given, 'losses of the Python worker');
					const numbers = inlineNumbers(part.nll);
					checkFinite(numbers, this.#model.path, 'the loss');
					const plan = missing[part.plan];
					for (const [at, index] of part.windows.entries()) {
						const window = group[index];
						sink.onWork?.(plan, part.layers * work.layer + work.head, window, null);
						const own = numbers.slice(at * scored, (at + 1) * scored);
						await sink.onLosses(plan, window, own);
					}
				}
			});
		}
	}

	/** The model without and with a plan, window by window, the variants taking turns at going first. */
	async *compare<Window extends Sequence>(
		plan: PlannedLayers,
		windows: readonly Window[]
	): AsyncGenerator<Compared<Window>> {
		const plain = await this.#planOf(plan);
		// A few at a time, so that they are handed on as they come.
		for (let first = 0; first < windows.length; first += COMPARED_AT_ONCE) {
			const group = windows.slice(first, first + COMPARED_AT_ONCE);
			const found: Compared<Window>[] = [];
			const request = { plan: plain, windows: group.map(({ ids }) => ids) };
			await this.#worker.ask('compare', request, v.unknown(), {
				onPart: (given) => {
					const part = parseUntrusted(comparisonPart, given, 'a comparison of the Python worker');
					const numbers = inlineNumbers(part.comparison);
					checkFinite(numbers, this.#model.path, 'the loss');
					const tokens = numbers.length / ROWS / part.windows.length;
					const { seconds, cpuSeconds } = part;
					for (const [at, window] of part.windows.entries()) {
						const row = (of: number) =>
							numbers.slice((at * ROWS + of) * tokens, (at * ROWS + of + 1) * tokens);
						found.push({
							sequence: group[window],
							comparison: {
								baseline: row(0),
								shared: row(1),
								kl: row(2),
								agree: Uint8Array.from(row(3))
							},
							time: {
								baseline: { seconds: seconds.baseline, cpuSeconds: cpuSeconds.baseline },
								shared: { seconds: seconds.planned, cpuSeconds: cpuSeconds.planned }
							}
						});
					}
					return Promise.resolve();
				}
			});
			yield* found;
		}
	}

	/** Asks the model without and with a plan what comes after places of sequences of one length. */
	async *ask<Window extends Asked>(
		plan: PlannedLayers,
		windows: readonly Window[]
	): AsyncGenerator<Answered<Window>> {
		const plain = await this.#planOf(plan);
		// A few at a time, so that they are handed on as they come.
		for (let first = 0; first < windows.length; first += COMPARED_AT_ONCE) {
			const group = windows.slice(first, first + COMPARED_AT_ONCE);
			const found: Answered<Window>[] = [];
			const request = {
				plan: plain,
				windows: group.map(({ ids }) => ids),
				questions: group.map(({ questions }) => questions)
			};
			await this.#worker.ask('ask', request, v.unknown(), {
				onPart: (given) => {
					const part = parseUntrusted(answersPart, given, 'answers of the Python worker');
					const baseline = inlineNumbers(part.losses.baseline);
					const planned = inlineNumbers(part.losses.planned);
					let first = 0;
					for (const window of part.windows) {
						const sequence = group[window];
						const own = (losses: Float64Array) =>
							byQuestion(losses.subarray(first), sequence.questions);
						found.push({ sequence, losses: { baseline: own(baseline), shared: own(planned) } });
						first += sequence.questions.flatMap(({ candidates }) => candidates).length;
					}
					return Promise.resolve();
				}
			});
			yield* found;
		}
	}

	async outputErrors(
		pairs: readonly Pair[],
		sequences: readonly Sequence[],
		onWork: OnWork = () => undefined
	): Promise<OutputError[][]> {
		if (pairs.length === 0 || sequences.length === 0) return pairs.map(() => []);
		const { layers } = this.#model.facts;
		const { layer, output } = this.#workOf(sequences[0], 1);
		const request = {
			pairs: pairs.map(({ source, follower }) => [source, follower]),
			windows: sequences.map(({ ids }) => ids)
		};
		const each = layers * layer + (layers + pairs.length) * output;
		const { apart, own } = await this.#worker.ask('outputErrors', request, outputErrors, {
			onProgress: windowsOf(onWork, each)
		});
		return pairs.map(({ follower }, pair) =>
			sequences.map((_, window) => ({ missing: apart[pair][window], own: own[follower][window] }))
		);
	}

	async turned(
		sources: LayerSources,
		sequences: readonly Sequence[],
		onWork: OnWork = () => undefined
	): Promise<number[]> {
		const { layers } = this.#model.facts;
		const { layer, output } = this.#workOf(sequences[0], 1);
		const request = { plan: { sources }, windows: sequences.map(({ ids }) => ids) };
		return this.#worker.ask('turned', request, turned, {
			onProgress: windowsOf(onWork, layers * (layer + output))
		});
	}

	/** Mean attention, [L][H], from a token of a passage's second copy to the token after its first occurrence. */
	async induction(
		windows: readonly Sequence[],
		first: number,
		length: number,
		onDone: OnDone = nothing
	): Promise<number[][]> {
		const request = { windows: windows.map(({ ids }) => ids), first, length };
		return this.#worker.ask('induction', request, induction, {
			onProgress: ({ done }) => onDone(done)
		});
	}

	/** Attention probabilities of `layers` on one window. */
	async tokenMaps(layers: readonly number[], { ids }: Sequence): Promise<TokenMaps> {
		const request = { layers, window: ids, folder: this.#newFolder() };
		const { maps } = await this.#worker.ask('tokenMaps', request, tokenMaps);
		const data = Float32Array.from(await fileNumbers(maps));
		return { data, shape: [layers.length, this.#model.facts.heads, ids.length, ids.length] };
	}

	async repair(
		{ sources, headMaps }: Pick<PlannedLayers, 'sources' | 'headMaps'>,
		sequences: readonly Sequence[],
		strengths: readonly number[],
		onWork: OnWork = () => undefined
	): Promise<LayerRepairs[]> {
		const { layers } = this.#model.facts;
		const { layer, output } = this.#workOf(sequences[0], 1);
		const request = {
			plan: { sources, headMaps },
			windows: sequences.map(({ ids }) => ids),
			strengths,
			folder: this.#newFolder()
		};
		const sets = await this.#worker.ask('repair', request, repairs, {
			onProgress: windowsOf(onWork, layers * (layer + output))
		});
		return Promise.all(
			sets.map(async (layers) => {
				const found = new Map<number, LayerRepair>();
				for (const { layer, projection, mean } of layers) {
					const o = projection === undefined ? null : await fileNumbers(projection);
					const bias = mean === undefined ? null : await fileNumbers(mean);
					found.set(layer, {
						o: o && Float32Array.from(o),
						bias: bias && Float32Array.from(bias)
					});
				}
				return found;
			})
		);
	}

	/** Ends the worker. */
	async close(): Promise<void> {
		this.#onClosed();
		await this.#worker.close();
		await rm(this.#folder, { recursive: true, force: true });
	}

	/** Returns the work of running a sequence of this length. */
	#workOf({ ids }: Sequence, scored: number): PlansWork {
		const samples = [{ context: ids.length, scored, windowCount: 1 }];
		return plansWork(this.#model.checkpoint.config, { samples })[0];
	}

	#newFolder(): string {
		return join(this.#folder, `${this.#files++}`);
	}

	/** A plan as the worker reads it; its refitted weights are written once. */
	async #planOf({ sources, headMaps, repairs }: PlannedLayers): Promise<object> {
		if (repairs === undefined || repairs.size === 0) return { sources, headMaps };
		const repair =
			this.#repairs.get(repairs) ?? join(this.#folder, `repair-${this.#files++}.safetensors`);
		if (!this.#repairs.has(repairs)) {
			await writeFile(repair, encodeRepairs(repairs, this.#model.checkpoint.config));
			this.#repairs.set(repairs, repair);
		}
		return { sources, headMaps, repair };
	}
}

/** Reports windows that are done, each with its work. */
function windowsOf(onWork: OnWork, work: number): (progress: { done: number }) => void {
	let before = 0;
	return ({ done }) => {
		for (; before < done; before++) onWork(work, before, null);
	};
}

/** Neighbouring windows of which the same is missing, with what is missing of them. */
function groupsOf(
	cases: number,
	windows: number,
	sink: Pick<LossSink, 'isMissing'>
): { missing: number[]; group: number[] }[] {
	const groups: { missing: number[]; group: number[] }[] = [];
	for (let window = 0; window < windows; window++) {
		const missing = Array.from({ length: cases }, (_, at) => at).filter((at) =>
			sink.isMissing(at, window)
		);
		const last = groups.at(-1);
		if (last?.missing.join() === missing.join()) last.group.push(window);
		else groups.push({ missing, group: [window] });
	}
	return groups.filter(({ missing }) => missing.length > 0);
}
