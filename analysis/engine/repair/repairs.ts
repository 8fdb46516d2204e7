/** Refitted weights of a layer that make up for the attention that it no longer computes. */
export interface LayerRepair {
	/** Of a follower: its output projection, [hidden, heads·headDim] as stored; null: as in the checkpoint. */
	o: Float32Array | null;
	/** Of a dropped layer: what stands in for its attention block's output, [hidden]; null: nothing. */
	bias: Float32Array | null;
}

/** Repairs by layer; layers without one are as in the checkpoint. */
export type LayerRepairs = ReadonlyMap<number, LayerRepair>;
