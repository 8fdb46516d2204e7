import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LayerRepairs } from '../../analysis/engine/repair/repairs.ts';
import { openCheckpoint } from '../../analysis/model/checkpoint/open.ts';
import type { DeployRequest } from '../../analysis/apply/types.ts';
import { makePlan } from '../../analysis/plan/planFile.ts';
import { planSpans } from '../../analysis/plan/spans.ts';
import type { Plan, Sources } from '../../analysis/plan/types.ts';
import { encodeRepairs, repairHash } from '../../analysis/engine/repair/file.ts';
import { deployModel } from './opened.ts';

/** A plan for the model in a folder, as if it had been made for other weights. */
export async function planFor(
	modelFolder: string,
	sources: Sources,
	headMap?: (source: number, follower: number) => number[]
): Promise<Plan> {
	const { name, config } = await openCheckpoint(modelFolder);
	const { architecture, layers, heads, kvHeads } = config;
	return makePlan({
		model: { name, architecture, layers, heads, kvHeads, hash: 'none' },
		sources,
		spans: planSpans(sources, null, headMap),
		definition: null,
		predicted: null
	});
}

/** The plan with refitted weights, which are written into `folder`. */
export async function withRepairs(
	plan: Plan,
	modelFolder: string,
	repairs: LayerRepairs,
	folder: string
): Promise<Plan> {
	const { config } = await openCheckpoint(modelFolder);
	const bytes = encodeRepairs(repairs, config);
	await writeFile(join(folder, 'repair.safetensors'), bytes);
	return {
		...plan,
		repair: { file: 'repair.safetensors', sha256: repairHash(bytes), strength: 1 }
	};
}

/** Writes the model of a folder into `out`, unverified, in float32 ONNX unless told otherwise; returns `out`. */
export async function deploy(
	modelFolder: string,
	out: string,
	given: Partial<DeployRequest> = {}
): Promise<string> {
	const home = dirname(out);
	const target = given.target ?? 'onnx';
	const dtype = target === 'onnx' ? 'fp32' : null;
	const fixed = { modelFolder, out, home, planFolder: home, plan: null, verify: false };
	await deployModel({ ...fixed, target, dtype, ...given }, () => undefined);
	return out;
}
