import type { LayerHeadMaps, LayerSources } from '../capture/forward.ts';
import type { AttentionLayout } from '../capture/layout.ts';
import type { WeightSource } from '../capture/weights.ts';
import type { ModelConfig } from '../checkpoint/types.ts';

/** A model whose windows all have the layout's length. */
export interface RepairedModel {
	config: ModelConfig;
	layout: AttentionLayout;
	weights: WeightSource;
}

/** The plan that is repaired. */
export interface RepairedLayers {
	sources: LayerSources;
	headMaps?: LayerHeadMaps;
}
