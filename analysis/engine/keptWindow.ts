import { allocateWindow, type AttentionLayout, type WindowAttention } from './layout.ts';

/** Buffers of one window, so that what is run on it again can start in the middle of the model. */
export interface KeptWindow {
	/** Per layer the hidden state before it in the baseline, [S, hidden]. Not to be handed to a pass, which would write over it. */
	hidden: readonly Float32Array[];
	/** Per layer as much again: the state before it under a plan, or what its attention block puts out. */
	beside: readonly Float32Array[];
	/** For the probabilities of one layer. */
	buffer: WindowAttention;
	/** Of which window `hidden` has states, and before how many layers, the first on. */
	known: { ids: readonly number[] | null; layers: number };
}

/** Before how many layers, from the first on, the state of this window in the baseline is known. */
export function knownLayers({ known }: KeptWindow, ids: readonly number[]): number {
	return known.ids === ids ? known.layers : 0;
}

/** Buffers for a window of the layout's length; all but the baseline's states are those of `other`, where it is given. */
export function allocateKept(
	layout: AttentionLayout,
	hidden: number,
	other: KeptWindow | null = null
): KeptWindow {
	const states = () =>
		Array.from({ length: layout.layers }, () => new Float32Array(layout.context * hidden));
	return {
		hidden: states(),
		beside: other?.beside ?? states(),
		buffer: other?.buffer ?? allocateWindow(layout, [0]),
		known: { ids: null, layers: 0 }
	};
}

/** The buffer for probabilities as that of `sources`, one after the other: no other layer finds a place there. */
export function attentionOf(
	{ buffer }: Pick<KeptWindow, 'buffer'>,
	...sources: number[]
): WindowAttention {
	return {
		blocks: buffer.blocks,
		slots: buffer.slots.map((_, layer) => (sources.includes(layer) ? 0 : null))
	};
}
