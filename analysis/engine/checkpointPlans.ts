import type { CheckpointModel } from '../model/open.ts';
import { ForwardPass, type LayerSources, type PlannedLayers } from './forward.ts';
import { LanguageHead } from './head.ts';
import { allocateKept, type KeptWindow } from './keptWindow.ts';
import { attentionLayout, type AttentionLayout } from './layout.ts';
import type { MemoryPlan } from './memory.ts';
import { OutputPass } from './output.ts';
import { outputErrors } from './outputErrors.ts';
import { runningOrder } from './planOrder.ts';
import type { LossSink, OnWork, OutputError, Pair, Plans, PlansWork, Sequence } from './plans.ts';
import { PlanWalk, type WalkedWindow } from './planWalk.ts';
import { fitRepairs } from './repair/fit.ts';
import type { LayerRepairs } from './repair/repairs.ts';
import { turnedOf } from './turned.ts';
import { WeightSource } from './weights.ts';
import { forwardWork, outputWork } from './work.ts';

/** Passes, kept windows and work of sequences of one length. */
interface Length {
	layout: AttentionLayout;
	forward: ForwardPass;
	output: OutputPass;
	/** The one that was used last comes last. */
	buffers: KeptWindow[];
	work: Omit<PlansWork, 'head'>;
}

/** Runs plans on a checkpoint's layers by graphs of our own. */
export class CheckpointPlans implements Plans {
	readonly #model: CheckpointModel;
	readonly #windowsPerGroup: number;
	readonly #keptWindows: number;
	readonly #weights: WeightSource;
	/** Sequences of every length are cut into as many blocks. */
	readonly #blockCount: number;
	readonly #lengths = new Map<number, Length>();
	readonly #heads = new Map<number, LanguageHead>();

	/** `context`: the length that decides how queries are cut into blocks. */
	constructor(
		model: CheckpointModel,
		{
			resident,
			windowsPerGroup,
			keptWindows = windowsPerGroup
		}: Pick<MemoryPlan, 'resident' | 'windowsPerGroup' | 'keptWindows'>,
		context: number
	) {
		const { checkpoint, reader } = model;
		this.#model = model;
		this.#windowsPerGroup = windowsPerGroup;
		this.#keptWindows = keptWindows;
		this.#weights = new WeightSource(checkpoint, reader, { resident, hasher: null });
		this.#blockCount = attentionLayout(checkpoint.config, context).blocks.length;
	}

	async losses(
		plans: readonly PlannedLayers[],
		sequences: readonly Sequence[],
		scored: number,
		sink: LossSink
	): Promise<void> {
		const order = runningOrder(plans);
		const isPending = (window: number) => order.some((plan) => sink.isMissing(plan, window));
		const { config } = this.#model.checkpoint;
		const tail = scored + 1;
		const { head: headWork } = forwardWork(config, attentionLayout(config, tail));
		for await (const [{ forward, work }, group] of this.#groups(sequences, isPending)) {
			const walk = new PlanWalk(forward, group);
			for (const plan of order) {
				if (!group.some(({ window }) => sink.isMissing(plan, window))) continue;
				const hidden = await walk.run(plans[plan], (layer, window) =>
					sink.onWork?.(plan, work.layer, window, layer)
				);
				const head = await this.#head(tail);
				const losses = await head.losses(
					group.map(({ ids }, at) => ({
						hidden: hidden[at].subarray(-tail * config.hidden),
						ids: ids.slice(-tail)
					}))
				);
				for (const [at, { window }] of group.entries()) {
					sink.onWork?.(plan, headWork, window, null);
					if (sink.isMissing(plan, window)) await sink.onLosses(plan, window, losses[at]);
				}
			}
		}
	}

	async outputErrors(
		pairs: readonly Pair[],
		sequences: readonly Sequence[],
		onWork: OnWork = () => undefined
	): Promise<OutputError[][]> {
		const found: OutputError[][] = pairs.map(() => []);
		if (pairs.length === 0) return found;
		for await (const [length, group] of this.#groups(sequences)) {
			const { layer, output } = length.work;
			const squares = await outputErrors(length, pairs, group, (window, of) =>
				onWork(of === null ? output : layer, window, of)
			);
			for (const [pair, of] of squares.entries()) found[pair].push(...of);
		}
		return found;
	}

	async turned(
		sources: LayerSources,
		sequences: readonly Sequence[],
		onWork: OnWork = () => undefined
	): Promise<number[]> {
		const { hidden: width } = this.#model.checkpoint.config;
		const turned = new Float64Array(sources.length);
		let tokens = 0;
		for await (const [length, group] of this.#groups(sequences)) {
			for (const each of group) {
				const sums = await turnedOf({ ...length, width }, sources, each, (layer) =>
					onWork(length.work.layer, each.window, layer)
				);
				for (const [layer, sum] of sums.entries()) turned[layer] += sum;
				tokens += each.ids.length;
			}
		}
		return Array.from(turned, (sum) => sum / tokens);
	}

	async repair(
		plan: Pick<PlannedLayers, 'sources' | 'headMaps'>,
		sequences: readonly Sequence[],
		strengths: readonly number[],
		onWork: OnWork = () => undefined
	): Promise<LayerRepairs[]> {
		const { config } = this.#model.checkpoint;
		const { layout, work } = await this.#length(sequences[0].ids.length);
		const model = { config, layout, weights: this.#weights };
		return fitRepairs(model, plan, sequences, strengths, (layer, window) =>
			onWork(work.layer, window, layer)
		);
	}

	async close(): Promise<void> {
		for (const { forward, output } of this.#lengths.values()) {
			await forward.release();
			await output.release();
		}
		for (const head of this.#heads.values()) await head.release();
		await this.#weights.release();
	}

	/**
	 * Sequences, all of them or those that are pending, in groups that are in memory together. A sequence gets the buffers
	 * that have its states already, or else those that were not used for longest.
	 */
	async *#groups(
		sequences: readonly Sequence[],
		isPending: (window: number) => boolean = () => true
	): AsyncGenerator<[Length, WalkedWindow[]]> {
		const pending = [...sequences.entries()].filter(([window]) => isPending(window));
		if (pending.length === 0) return;
		const length = await this.#length(pending[0][1].ids.length);
		for (let first = 0; first < pending.length; first += this.#windowsPerGroup) {
			const group = pending.slice(first, first + this.#windowsPerGroup);
			const taken = takeBuffers(
				length.buffers,
				group.map(([, { ids }]) => ids)
			);
			yield [length, group.map(([window, { ids }], at) => ({ ...taken[at], window, ids }))];
		}
	}

	async #length(context: number): Promise<Length> {
		const known = this.#lengths.get(context);
		if (known !== undefined) return known;
		const { config } = this.#model.checkpoint;
		const layout = attentionLayout(config, context, this.#blockCount);
		const length = {
			layout,
			forward: new ForwardPass(config, layout, this.#weights),
			output: await OutputPass.open(config, layout, this.#weights),
			buffers: this.#buffers(layout),
			work: { layer: forwardWork(config, layout).layer, output: outputWork(config, layout) }
		};
		this.#lengths.set(context, length);
		return length;
	}

	/** Buffers of as many windows as are in memory together, and of the baseline's states of some more. */
	#buffers(layout: AttentionLayout): KeptWindow[] {
		const { hidden } = this.#model.checkpoint.config;
		const buffers: KeptWindow[] = [];
		for (let at = 0; at < Math.max(this.#windowsPerGroup, this.#keptWindows); at++)
			// Windows that go through one by one may share what is of one window at a time.
			buffers.push(
				allocateKept(layout, hidden, this.#windowsPerGroup === 1 ? buffers.at(0) : null)
			);
		return buffers;
	}

	async #head(tail: number): Promise<LanguageHead> {
		const known = this.#heads.get(tail);
		if (known !== undefined) return known;
		const { config } = this.#model.checkpoint;
		const head = await LanguageHead.open(config, tail, this.#weights);
		this.#heads.set(tail, head);
		return head;
	}
}

/** Buffers for windows, each by its token ids, which then are the last in `buffers`. */
function takeBuffers(buffers: KeptWindow[], all: readonly (readonly number[])[]): KeptWindow[] {
	const taken = new Map<readonly number[], KeptWindow>();
	for (const ids of all) {
		const known = buffers.find(({ known }) => known.ids === ids);
		if (known !== undefined) taken.set(ids, known);
	}
	const free = buffers.filter((buffer) => ![...taken.values()].includes(buffer));
	const found = all.map((ids) => {
		const buffer = taken.get(ids) ?? free.shift();
		if (buffer === undefined)
			throw new RangeError(`${all.length} windows in ${buffers.length} buffers`);
		return buffer;
	});
	buffers.push(...found.map((buffer) => buffers.splice(buffers.indexOf(buffer), 1)[0]));
	return found;
}
