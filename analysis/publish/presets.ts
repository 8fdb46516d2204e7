import type { Shown } from '../similarity/shown.ts';
import type { Metric, View } from '../similarity/types.ts';

/** Settings of a published map of similarity. */
export interface MapPreset {
	kind: 'map';
	metric: Metric;
	view: View;
	show: Shown;
	/** Range of the colours, where the paper fixes one. */
	range?: [number, number];
}

const SHARED_ATTENTION: MapPreset = {
	kind: 'map',
	metric: 'cosine',
	view: 'all',
	show: 'similarity'
};

/**
 * Published figures that a run can be drawn as: Shared Attention's map (arXiv 2407.12866), cosine of flattened heads;
 * EchoAtt's, the same from 0 to 1 (arXiv 2409.14595); LLM-Drop's importance of each layer (arXiv 2406.15786).
 */
export const PRESETS = {
	'shared-attention': { label: 'Shared Attention: cosine, flattened heads', set: SHARED_ATTENTION },
	'echo-att': { label: 'EchoAtt: cosine, 0 to 1', set: { ...SHARED_ATTENTION, range: [0, 1] } },
	'llm-drop': { label: 'LLM-Drop: importance, 1 − cos', set: { kind: 'importance' } }
} as const satisfies Record<string, { label: string; set: MapPreset | { kind: 'importance' } }>;
export type PresetName = keyof typeof PRESETS;
