import { refuseRepaired } from '../../engine/plannedOnnx.ts';
import type { LayerRepairs } from '../../engine/repairs.ts';
import { openCheckpoint } from '../../model/checkpoint/open.ts';
import { findOnnxFile } from '../../model/onnx/locate.ts';
import type { Plan } from '../../plan/types.ts';
import { readRepairs } from '../../repair/file.ts';

/**
 * The refitted weights that a plan names, which lie in `folder`; null: it names none. Throws InputError where the
 * model cannot be opened or is an ONNX model, and as `readRepairs`.
 */
export async function readPlanRepairs(
	folder: string,
	plan: Plan,
	modelFolder: string
): Promise<LayerRepairs | null> {
	if (plan.repair === null) return null;
	if ((await findOnnxFile(modelFolder)) !== null) refuseRepaired(plan);
	const { config } = await openCheckpoint(modelFolder);
	return readRepairs(folder, plan, config);
}
