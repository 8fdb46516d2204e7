import * as v from 'valibot';
import { readJsonFile } from '../../edge/json.ts';
import { countWords } from '../../text/plan.ts';
import { findBeside } from './locate.ts';
import { boundedArray, parseOrNull } from '../../edge/parse.ts';
import { MAX_LAYERS } from '../checkpoint/slidingWindow.ts';
import type { AttendingLayers } from '../checkpoint/types.ts';

/** Name of the record beside a model that Spanwise wrote. */
export const RECORD_FILE = 'spanwise.json';

const indices = boundedArray(v.number(), MAX_LAYERS);
/** Fields that this stage needs of the record beside a model that Spanwise wrote. */
const schema = v.object({
	format: v.literal('spanwise/model'),
	model: v.object({ name: v.string(), layers: v.number() }),
	cache: v.object({ keys: indices, values: indices })
});

/** Counts of the layers that have no attention of their own because the model was written with a plan. */
export interface WrittenPlan {
	followers: number;
	dropped: number;
	/** The layers that compute their own attention, in order. */
	own: number[];
	/** Of the model, those without attention of their own among them. */
	layers: number;
	/** Name of the model that it was made from. */
	from: string;
}

/** The plan that an ONNX model was written with, by the record beside it; null: with none, or by others. */
export async function writtenPlan(file: string): Promise<WrittenPlan | null> {
	const record = await findBeside(file, RECORD_FILE);
	if (record === null) return null;
	const parsed = parseOrNull(schema, await readJsonFile(record));
	if (parsed === null) return null;
	const { model, cache } = parsed;
	const { layers, name: from } = model;
	const followers = cache.values.length - cache.keys.length;
	const dropped = layers - cache.values.length;
	if (followers === 0 && dropped === 0) return null;
	return { followers, dropped, own: cache.keys, layers, from };
}

/** Counts the layers of a model that a plan was written into, and those that attend; null: there is no plan. */
export function attendingLayers(plan: WrittenPlan | null): AttendingLayers | null {
	return plan === null ? null : { layers: plan.layers, attending: plan.own.length };
}

/** "4 followers, 1 dropped, by the plan in spanwise.json: use NAME, the model that it was made from" */
export function writtenPlanWords({ followers, dropped, from }: WrittenPlan): string {
	const counts = countWords({ followers, dropped });
	return `${counts}, by the plan in ${RECORD_FILE}: use ${from}, the model that it was made from`;
}
