import type { Reporter } from '../../telemetry/reporter.ts';
import { ForwardPass, type LayerSources, type WindowState } from '../../engine/forward.ts';
import { LanguageHead } from '../../engine/head.ts';
import { OutputPass } from '../../engine/output.ts';
import { WeightSource } from '../../engine/weights.ts';
import { mean } from '../../statistics/figures.ts';
import { BASELINE, casesOfSource, costsOfCases, dropName, sharingName } from './cases.ts';
import type { SharingCase } from './cases.ts';
import { allocateKept, attentionOf, type KeptWindow } from '../../engine/keptWindow.ts';
import type { PreparedDamage } from './prepare.ts';
import type { CaseResult, ProgressFile } from '../lossFile.ts';
import { resultName, samplesOf, type Sample } from './sample.ts';

/**
 * Runs every case on every window of text, and on every probe of recall, of which the progress file has no result yet, and
 * adds its result there.
 */
export async function measureCases(
	prepared: PreparedDamage,
	progress: ProgressFile,
	reporter: Reporter,
	onLayer: () => void = () => undefined
): Promise<void> {
	for (const sample of samplesOf(prepared))
		await measureSample(prepared, sample, progress, reporter, onLayer);
}

async function measureSample(
	prepared: PreparedDamage,
	sample: Sample,
	progress: ProgressFile,
	reporter: Reporter,
	onLayer: () => void
): Promise<void> {
	const { checkpoint, reader } = prepared.model;
	const { layout, memory, windows, scored } = sample;
	const pending = windows.flatMap(({ ids }, window) =>
		missingCases(prepared, sample, progress, window).length > 0 ? [{ window, ids }] : []
	);
	if (pending.length === 0) return;
	const { config } = checkpoint;
	const weights = new WeightSource(checkpoint, reader, { resident: memory.resident, hasher: null });
	const passes: Passes = {
		forward: new ForwardPass(config, layout, weights),
		head: await LanguageHead.open(config, scored + 1, weights),
		output: await OutputPass.open(config, layout, weights)
	};
	const rooms = Array.from({ length: Math.min(memory.windowsPerGroup, pending.length) }, () =>
		allocateKept(layout, config.hidden)
	);
	for (let first = 0; first < pending.length; first += rooms.length) {
		const group = pending
			.slice(first, first + rooms.length)
			.map((window, index) => ({ ...rooms[index], ...window }));
		await new GroupCases(prepared, sample, progress, passes, group, reporter, onLayer).run();
	}
	await passes.forward.release();
	await passes.head.release();
	await passes.output.release();
	await weights.release();
}

/** Cases of a sample's window, the baseline included, that the progress file does not have. */
export function missingCases(
	{ checkpoint, maxSpan }: PreparedDamage,
	sample: Sample,
	progress: ProgressFile,
	window: number
): string[] {
	const cases = [BASELINE, ...costsOfCases(checkpoint.config.reach, maxSpan).keys()];
	return cases.filter((name) => progress.get(window, resultName(sample, name)) === undefined);
}

interface Passes {
	forward: ForwardPass;
	head: LanguageHead;
	output: OutputPass;
}

/** All cases on the windows that are in memory together. */
class GroupCases {
	readonly #prepared: PreparedDamage;
	readonly #sample: Sample;
	readonly #progress: ProgressFile;
	readonly #passes: Passes;
	readonly #group: readonly KeptWindow[];
	readonly #reporter: Reporter;
	readonly #onLayer: () => void;
	readonly #layers: number;

	constructor(
		prepared: PreparedDamage,
		sample: Sample,
		progress: ProgressFile,
		passes: Passes,
		group: readonly KeptWindow[],
		reporter: Reporter,
		onLayer: () => void
	) {
		this.#prepared = prepared;
		this.#sample = sample;
		this.#progress = progress;
		this.#passes = passes;
		this.#group = group;
		this.#reporter = reporter;
		this.#onLayer = onLayer;
		this.#layers = prepared.checkpoint.config.layers;
	}

	async run(): Promise<void> {
		await this.#baseline();
		for (let layer = 0; layer < this.#layers; layer++) await this.#drop(layer);
		// From the last source to the first: what a follower's own block puts out is known when it is needed.
		for (let source = this.#layers - 1; source >= 0; source--) await this.#share(source);
	}

	/** The model as it is; the state before every layer is kept. */
	async #baseline(): Promise<void> {
		const states: WindowState[] = [];
		for (const { ids, window } of this.#group) {
			states.push({ ...(await this.#passes.forward.start(ids, null)), window });
		}
		const keep = (before: number, index: number) => {
			if (before < this.#layers) this.#group[index].hidden[before].set(states[index].hidden);
		};
		for (const index of states.keys()) keep(0, index);
		await this.#layersOf('baseline', this.#group, states, 0, {
			onLayer: (layer, index) => keep(layer + 1, index)
		});
		await this.#finish('baseline', BASELINE, this.#group, states);
	}

	async #drop(layer: number): Promise<void> {
		const windows = this.#missing(dropName(layer));
		const states = windows.map((each) => branch(each, each.hidden[layer]));
		const sources = this.#sources(layer, layer, null);
		await this.#layersOf('dropping', windows, states, layer, { sources });
		await this.#finish('dropping', dropName(layer), windows, states);
	}

	/** Every case of a source, after its attention and what it puts out were worked out again. */
	async #share(source: number): Promise<void> {
		const { reach } = this.#prepared.checkpoint.config;
		await this.#attend(source);
		const { spans, pairs } = casesOfSource(reach, source, this.#prepared.maxSpan);
		await this.#shareSpans(spans);
		for (const pair of pairs) {
			const windows = this.#missing(sharingName(pair));
			const states = windows.map((each) => sharingState(each, pair));
			const sources = this.#sources(pair.first, pair.last, source);
			await this.#layersOf('sharing', windows, states, pair.first, { sources });
			await this.#finishSharing(pair, windows, states);
		}
	}

	async #attend(layer: number): Promise<void> {
		const states = this.#group.map((each) => ({
			...branch(each, each.hidden[layer]),
			attention: attentionOf(each, layer)
		}));
		await this.#layersOf('sharing', this.#group, states, layer, { last: layer });
		if (this.#sample.of === 'recall') return;
		for (const each of this.#group) {
			const own = each.output[layer].fill(0);
			const { output, square } = await this.#output(each, layer, layer, own);
			own.set(output);
			each.square[layer] = square;
		}
	}

	/** Spans that begin alike, shortest first: each runs one shared layer more, and branches off from there. */
	async #shareSpans(spans: readonly SharingCase[]): Promise<void> {
		const windows = this.#missing(...spans.map(sharingName));
		if (windows.length === 0) return;
		const stem = windows.map((each) => sharingState(each, spans[0]));
		for (const span of spans) {
			const { source, first, last } = span;
			const sources = this.#sources(first, last, source);
			await this.#layersOf('sharing', windows, stem, last, { sources, last });
			const states = stem.map(({ hidden }, at) => branch(windows[at], hidden));
			await this.#layersOf('sharing', windows, states, last + 1);
			await this.#finishSharing(span, windows, states);
		}
	}

	/** Layers from `first` on; states are those of `windows`. */
	async #layersOf(
		stage: string,
		windows: readonly KeptWindow[],
		states: WindowState[],
		first: number,
		options: {
			sources?: LayerSources;
			last?: number;
			onLayer?: (layer: number, index: number) => void;
		} = {}
	): Promise<void> {
		if (states.length === 0) return;
		await this.#passes.forward.run(states, {
			...options,
			first,
			onLayer: (layer, index) => {
				options.onLayer?.(layer, index);
				this.#onLayer();
				this.#reporter.addLayer(
					this.#sample.work.layer,
					this.#stage(stage),
					windows[index].window,
					layer
				);
			}
		});
	}

	async #finishSharing(
		sharing: SharingCase,
		windows: readonly KeptWindow[],
		states: readonly WindowState[]
	): Promise<void> {
		const { source, first, last } = sharing;
		const name = sharingName(sharing);
		if (first !== last || this.#sample.of === 'recall')
			return this.#finish('sharing', name, windows, states);
		const squares: [number, number][] = [];
		for (const each of windows) {
			const { square } = await this.#output(each, last, source, each.output[last]);
			squares.push([square, each.square[last]]);
		}
		return this.#finish('sharing', name, windows, states, squares);
	}

	async #output(each: KeptWindow, layer: number, source: number, own: Float32Array) {
		const attention = attentionOf(each, source);
		const found = await this.#passes.output.run(layer, each.hidden[layer], attention, source, own);
		this.#reporter.add(this.#sample.work.output, 'sharing', each.window, layer);
		return found;
	}

	/** The loss of windows that are through; added where it is not there yet. */
	async #finish(
		stage: string,
		name: string,
		windows: readonly KeptWindow[],
		states: readonly WindowState[],
		squares?: readonly [number, number][]
	): Promise<void> {
		if (windows.length === 0) return;
		const tail = this.#sample.scored + 1;
		const width = this.#prepared.checkpoint.config.hidden;
		const losses = await this.#passes.head.losses(
			states.map(({ hidden }, index) => ({
				hidden: hidden.subarray(-tail * width),
				ids: windows[index].ids.slice(-tail)
			}))
		);
		for (const [index, { window }] of windows.entries()) {
			this.#reporter.add(this.#sample.work.head, this.#stage(stage), window);
			const named = resultName(this.#sample, name);
			if (this.#progress.get(window, named) !== undefined) continue;
			const result: CaseResult = { window, case: named, loss: mean(losses[index]) };
			if (squares !== undefined) result.squares = squares[index];
			await this.#progress.add(result);
		}
	}

	#stage(name: string): string {
		return this.#sample.of === 'recall' ? `recall, ${name}` : name;
	}

	/** Windows in which one of these cases is missing. */
	#missing(...names: string[]): KeptWindow[] {
		return this.#group.filter(({ window }) =>
			names.some((name) => this.#progress.get(window, resultName(this.#sample, name)) === undefined)
		);
	}

	/** Every layer its own source, but `first` … `last`. */
	#sources(first: number, last: number, source: number | null): LayerSources {
		return Array.from({ length: this.#layers }, (_, layer) =>
			layer >= first && layer <= last ? source : layer
		);
	}
}

/** A state that a pass may write over. */
function branch({ window }: KeptWindow, hidden: Float32Array): WindowState {
	return { hidden: hidden.slice(), attention: null, window };
}

/** The state before the first layer that shares, with its source's attention at hand. */
function sharingState(each: KeptWindow, { source, first }: SharingCase): WindowState {
	return { ...branch(each, each.hidden[first]), attention: attentionOf(each, source) };
}
