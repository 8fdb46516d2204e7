import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import * as v from 'valibot';
import { MAX_SMALL_JSON_BYTES, readJsonFile, readTextFile } from '../analysis/edge/json.ts';
import { parseJson } from '../analysis/edge/parseJson.ts';
import { parseUntrusted } from '../analysis/edge/parse.ts';
import { InputError, messageOf } from '../analysis/errors.ts';
import { exists } from '../analysis/model/checkpoint/files.ts';
import { formOf } from '../analysis/model/form.ts';
import { planJson } from '../analysis/plan/exporters/json.ts';
import { parsePlan } from '../analysis/plan/planFile.ts';
import type { Plan } from '../analysis/plan/types.ts';
import { writeWhole } from '../analysis/process/partial.ts';

const ownPlan = v.looseObject({ spanwise: v.optional(v.unknown()) });

/** A checked plan.json. Throws InputError that names the file. */
export async function readPlan(file: string): Promise<Plan> {
	return parsePlan(await readJsonFile(file), file);
}

/**
 * The plan that a model was written with, from its own config.json; refitted weights are among the model's. null: it was
 * written with none. Throws InputError for one that is no plan.
 */
export async function readOwnPlan(modelFolder: string): Promise<Plan | null> {
	const { form, path } = await formOf(modelFolder);
	const file = join(path, 'config.json');
	// What else is wrong with a folder is said by whoever opens it.
	if (form !== 'checkpoint' || !(await exists(file))) return null;
	const json = parseUntrusted(ownPlan, await readJsonFile(file), file);
	if (json.spanwise === undefined || json.spanwise === null) return null;
	return { ...parsePlan(json.spanwise, `${file}: spanwise`), repair: null };
}

/**
 * Throws InputError where a plan may not be written to `file`: its folder is missing, or it exists and is no
 * plan. An earlier plan may be replaced: a plan is made again in a moment.
 */
export async function checkPlanTarget(file: string): Promise<void> {
	const folder = dirname(resolve(file));
	const found = await stat(folder).catch(() => null);
	if (!found?.isDirectory()) throw new InputError(`${file}: no folder ${folder}; make it first`);
	if ((await stat(file).catch(() => null)) === null) return;
	const text = await readTextFile(file, MAX_SMALL_JSON_BYTES).catch(() => '');
	if (!isPlan(text)) {
		throw new InputError(`${file}: exists and is no plan; allowed: a new file, or an earlier plan`);
	}
}

/** Writes plan.json whole or not at all. Throws InputError where it cannot be written. */
export async function writePlan(file: string, plan: Plan): Promise<void> {
	await checkPlanTarget(file);
	try {
		await writeWhole(file, planJson(plan));
	} catch (error) {
		throw new InputError(`${file}: cannot be written: ${messageOf(error)}`, { cause: error });
	}
}

function isPlan(text: string): boolean {
	try {
		const json = parseJson(text, 'plan');
		return (
			typeof json === 'object' &&
			json !== null &&
			'format' in json &&
			json.format === 'spanwise/plan'
		);
	} catch {
		return false;
	}
}
