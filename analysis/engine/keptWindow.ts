import { allocateWindow, type AttentionLayout, type WindowAttention } from './layout.ts';

/** What is kept of one window, so that every case can start in the middle of the model. */
export interface KeptWindow {
	/** Its index among all windows. */
	window: number;
	ids: readonly number[];
	/** Per layer the hidden state before it, [S, hidden]. Not to be handed to a pass, which would write over it. */
	hidden: readonly Float32Array[];
	/** Per layer what its attention block puts out without the bias of W_O, [S, hidden]. */
	output: readonly Float32Array[];
	/** Per layer the squared Frobenius norm of that. */
	square: Float64Array;
	/** Room for the probabilities of one layer. */
	room: WindowAttention;
}

/** Room for one window; it is given another one by `settle`. */
export function allocateKept(layout: AttentionLayout, hidden: number): KeptWindow {
	const states = () =>
		Array.from({ length: layout.layers }, () => new Float32Array(layout.context * hidden));
	return {
		window: -1,
		ids: [],
		hidden: states(),
		output: states(),
		square: new Float64Array(layout.layers),
		room: allocateWindow(layout, [0])
	};
}

/** The room as that of `source`: no other layer finds a place there. */
export function attentionOf({ room }: KeptWindow, source: number): WindowAttention {
	return {
		blocks: room.blocks,
		slots: room.slots.map((_, layer) => (layer === source ? 0 : null))
	};
}
