import { join } from 'node:path';
import * as v from 'valibot';
import { exists } from '../model/checkpoint/files.ts';
import { readJsonFile } from '../edge/json.ts';
import { parseOrNull } from '../edge/parse.ts';
import { InputError } from '../errors.ts';
import { DECODER_DTYPES, type DecoderDtype } from '../graph/decode/weights.ts';
import { RECORD_FILE } from '../model/onnx/writtenPlan.ts';
import { parsePlan } from '../plan/planFile.ts';
import type { Plan } from '../plan/types.ts';

/** Fields of `spanwise.json` that are needed to run the model beside it. */
const schema = v.object({
	format: v.literal('spanwise/model'),
	model: v.object({ name: v.string(), hash: v.string() }),
	target: v.literal('onnx'),
	dtype: v.nullable(v.picklist(DECODER_DTYPES)),
	plan: v.unknown(),
	files: v.array(v.object({ name: v.string() }))
});

/** An ONNX model that `spanwise apply` wrote. */
export interface WrittenDecoder {
	/** The proto. */
	file: string;
	/** Name and hash of the model that it was made from. */
	name: string;
	hash: string;
	/** null: that of the ONNX model that it was made from. */
	dtype: DecoderDtype | null;
	plan: Plan | null;
}

/** Throws InputError where a folder does not hold an ONNX model that `spanwise apply` wrote. */
export async function readWritten(folder: string): Promise<WrittenDecoder> {
	const where = join(folder, RECORD_FILE);
	if (!(await exists(where))) {
		throw new InputError(
			`${folder}: no ${RECORD_FILE}; expected a folder written by spanwise apply`
		);
	}
	const parsed = parseOrNull(schema, await readJsonFile(where));
	const file = parsed?.files.find(({ name }) => isOnnx(name));
	if (parsed === null || file === undefined) {
		throw new InputError(
			`${where}: not the record of an ONNX model; write one with spanwise apply`
		);
	}
	const { model, dtype, plan } = parsed;
	return {
		file: join(folder, file.name),
		...model,
		dtype,
		plan: plan === null ? null : parsePlan(plan, where)
	};
}

/** A name of its own folder or of its `onnx` subfolder: a record is read as it comes. */
function isOnnx(name: string): boolean {
	return /^(onnx\/)?[^/\\]+\.onnx$/.test(name);
}
