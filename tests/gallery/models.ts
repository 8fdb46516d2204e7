import type { ModelListing } from '../../analysis/model/checkpoint/types.ts';
import type { ModelReport } from '../../src/lib/client/api.ts';
import { eight } from './world.svelte.ts';

const checkpoint: ModelListing = {
	id: 'eight',
	name: 'eight',
	folder: '/models/eight',
	form: 'checkpoint',
	origin: 'bundled',
	facts: eight.run.record.model,
	planned: null,
	problem: null
};
const onnx: ModelListing = {
	...checkpoint,
	id: 'eight-onnx',
	name: 'eight-onnx',
	folder: '/models/eight.onnx',
	form: 'onnx',
	origin: 'folder',
	planned: { layers: 8, attending: 6 }
};
const broken: ModelListing = {
	...checkpoint,
	id: 'broken',
	name: 'broken',
	origin: 'cache',
	facts: null,
	problem: 'config.json: not JSON at line 1'
};
export const listings = [checkpoint, onnx, broken];

const layer = (index: number): ModelReport['layers'][number] => ({
	layer: index,
	node: `/layers.${index}/attn`,
	form: 'com.microsoft.GroupQueryAttention',
	heads: 2,
	kvHeads: 1,
	reach: null,
	probabilities: { available: true, how: '4th output, qk_output 2' },
	shareable: { possible: index > 0, why: index > 0 ? 'loses q and k' : 'nothing comes before it' }
});
export const onnxReport: ModelReport = {
	listing: onnx,
	layers: Array.from({ length: 4 }, (_, index) => layer(index)),
	graph: {
		producer: 'pytorch 2.9',
		opset: 21,
		inputs: [{ name: 'input_ids', type: 'int64', shape: ['batch', 'tokens'] }],
		outputs: [{ name: 'logits', type: 'float32', shape: ['batch', 'tokens', 32] }]
	},
	files: [{ name: 'eight.onnx', bytes: 16_000_000 }],
	notes: ['Weights are float16.'],
	problem: null
};
export const brokenReport: ModelReport = {
	listing: broken,
	layers: [],
	graph: null,
	files: [],
	notes: [],
	problem: broken.problem
};
