import type { ForwardPass, PlannedLayers, WindowState } from './forward.ts';
import { attentionOf, knownLayers, type KeptWindow } from './keptWindow.ts';
import { firstChange, layersInCommon } from './planOrder.ts';

/** A window that plans are run on. */
export interface WalkedWindow extends KeptWindow {
	/** Its number among the run's windows, for messages. */
	window: number;
	ids: readonly number[];
}

/**
 * Runs plans one after the other on windows that are in memory together, each from where it first differs from what is
 * kept: the baseline's states, as far as they are known, and those of the plan that ran last.
 */
export class PlanWalk {
	readonly #forward: ForwardPass;
	readonly #windows: readonly WalkedWindow[];
	#last: PlannedLayers | null = null;
	/** Whose probabilities the windows keep, and the plan under which it attended. */
	#held: { plan: PlannedLayers; source: number } | null = null;

	constructor(forward: ForwardPass, windows: readonly WalkedWindow[]) {
		this.#forward = forward;
		this.#windows = windows;
	}

	/** The last hidden state of each window under a plan, [S, hidden]. `onLayer` is called after each layer of each window. */
	async run(
		plan: PlannedLayers,
		onLayer: (layer: number, window: number) => void
	): Promise<Float32Array[]> {
		const { sources } = plan;
		const change = firstChange(plan);
		const known = await this.#knownLayers();
		const common = this.#last === null ? 0 : layersInCommon(plan, this.#last);
		const start = Math.min(
			common > change ? common : Math.min(change, known - 1),
			sources.length - 1
		);
		const notify = (layer: number, at: number) => onLayer(layer, this.#windows[at].window);
		await this.#attendAgain(plan, start, change, notify);

		const followed = sources.flatMap((source, layer) =>
			source === null || source === layer ? [] : [source]
		);
		const states = this.#states(plan, start, followed);
		this.#last = null;
		await this.#forward.run(states, {
			...plan,
			first: start,
			onLayer: (layer, at) => {
				if (layer + 1 < sources.length)
					stateBefore(this.#windows[at], layer + 1, change).set(states[at].hidden);
				notify(layer, at);
			}
		});
		this.#last = plan;
		const through = Math.min(change + 1, sources.length);
		for (const { known } of this.#windows) known.layers = Math.max(known.layers, through);
		const attended = followed.findLast((source) => source >= start);
		if (attended !== undefined) this.#held = { plan, source: attended };
		return states.map(({ hidden }) => hidden);
	}

	/** Before how many layers the baseline's states are known, at least the first. */
	async #knownLayers(): Promise<number> {
		for (const each of this.#windows) {
			if (knownLayers(each, each.ids) > 0) continue;
			each.hidden[0].set((await this.#forward.start(each.ids, null)).hidden);
			Object.assign(each.known, { ids: each.ids, layers: 1 });
		}
		return Math.min(...this.#windows.map((each) => knownLayers(each, each.ids)));
	}

	/** Works the probabilities out again that followers from `start` on reuse of a layer before it, unless they are kept. */
	async #attendAgain(
		plan: PlannedLayers,
		start: number,
		change: number,
		onLayer: (layer: number, at: number) => void
	): Promise<void> {
		const source = plan.sources.find(
			(each, layer) => layer >= start && each !== null && each !== layer
		);
		if (source == null || source >= start) return;
		const held = this.#held;
		if (held?.source === source && layersInCommon(held.plan, plan) > source) return;
		this.#held = null;
		const states = this.#states(plan, source, [source], change);
		await this.#forward.run(states, { ...plan, first: source, last: source, onLayer });
		this.#held = { plan, source };
	}

	/** States before a layer that a pass may write over. */
	#states(
		plan: PlannedLayers,
		layer: number,
		kept: number[],
		change = firstChange(plan)
	): WindowState[] {
		return this.#windows.map((each) => ({
			hidden: stateBefore(each, layer, change).slice(),
			attention: attentionOf(each, ...kept),
			window: each.window
		}));
	}
}

/** Up to the first layer that a plan changes its states are the baseline's. */
function stateBefore(
	{ hidden, beside }: KeptWindow,
	layer: number,
	firstChanged: number
): Float32Array {
	return layer <= firstChanged ? hidden[layer] : beside[layer];
}
