import type { Model } from '../../model/open.ts';
import type { Plan } from '../../plan/types.ts';
import { refuseRepaired } from '../plannedOnnx.ts';
import { readRepairs } from './file.ts';
import type { LayerRepairs } from './repairs.ts';

/**
 * The refitted weights that a plan names, which lie in `folder`; null: it names none. Throws InputError for an ONNX
 * model, and as `readRepairs`.
 */
export async function repairsOf(
	model: Model,
	plan: Plan,
	folder: string
): Promise<LayerRepairs | null> {
	if (model.form !== 'onnx') return readRepairs(folder, plan, model.checkpoint.config);
	refuseRepaired(plan);
	return null;
}
