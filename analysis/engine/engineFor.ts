import type { Model } from '../model/open.ts';
import { checkpointEngine } from './checkpointEngine.ts';
import type { Engine } from './engine.ts';
import { onnxEngine } from './onnxEngine.ts';

/** What runs a model. Throws InputError where it cannot be run. */
export function engineFor(model: Model): Engine {
	return model.form === 'onnx' ? onnxEngine(model) : checkpointEngine(model);
}
