import type { LayerHeadMaps, LayerSources } from '../forward.ts';
import type { AttentionLayout } from '../layout.ts';
import type { WeightSource } from '../weights.ts';
import type { ModelConfig } from '../../model/checkpoint/types.ts';

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
