/** Trainings that were followed, kept in the workspace so that pages and figures show them again. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { readRecordFile } from '../edge/json.ts';
import { boundedArray, parseUntrusted } from '../edge/parse.ts';
import { quoted } from '../edge/quote.ts';
import { checkSeal, sealed, sha256 } from '../edge/seal.ts';
import { TORCH_DTYPES } from '../engine/torchSettings.ts';
import { InputError, messageOf } from '../errors.ts';
import { makePrivateFolder } from '../privateFolder.ts';
import { writeWhole } from '../process/partial.ts';
import { METRICS, VIEWS } from '../similarity/types.ts';
import { VERSION } from '../version.ts';
import { ID } from '../workspace/shelf.ts';
import { slugOf, workspaceAt } from '../workspace/workspace.ts';
import type { Dynamics } from './dynamics.ts';

const MOST_STEPS = 1000;
const MOST_LAYERS = 4096;
const finite = v.pipe(v.number(), v.finite());
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const layers = boundedArray(v.nullable(finite), MOST_LAYERS);

const dynamicsSchema: v.GenericSchema<unknown, Dynamics> = v.object({
	metric: v.picklist(METRICS),
	view: v.picklist(VIEWS),
	texts: boundedArray(v.object({ name: v.string(), sha256: v.string() }), 1000),
	context: count,
	windows: count,
	engine: v.exactOptional(
		v.object({ name: v.literal('torch'), device: v.string(), dtype: v.picklist(TORCH_DTYPES) })
	),
	steps: v.pipe(
		boundedArray(
			v.object({
				...{ step: count, name: v.string(), run: v.string(), hash: v.string(), loss: finite },
				recall: v.nullable(finite),
				similarity: v.object({
					...{ value: finite, low: v.nullable(finite), high: v.nullable(finite) }
				}),
				pairs: boundedArray(finite, MOST_LAYERS),
				damage: v.nullable(v.object({ drop: layers, next: layers }))
			}),
			MOST_STEPS
		),
		v.minLength(1)
	)
});

/** A training as the workspace keeps it. */
export interface StoredDynamics {
	format: 'spanwise/dynamics';
	version: 1;
	/** Name of its file. */
	id: string;
	/** Name of the place that was given, or else of the folder that its checkpoints lie in. */
	name: string;
	createdAt: string;
	spanwise: string;
	command: string;
	dynamics: Dynamics;
	checksum?: string;
}

const fileSchema: v.GenericSchema<unknown, StoredDynamics> = v.object({
	...{ format: v.literal('spanwise/dynamics'), version: v.literal(1) },
	...{ id: v.string(), name: v.string(), spanwise: v.string(), command: v.string() },
	createdAt: v.pipe(v.string(), v.isoTimestamp()),
	dynamics: dynamicsSchema,
	checksum: v.exactOptional(v.string())
});

/**
 * Keeps a training; one of the same name that was measured alike is replaced, so that new checkpoints add to it. Returns its
 * id. Throws InputError where the workspace cannot be written.
 */
export async function writeDynamics(
	home: string,
	{ name, command }: Pick<StoredDynamics, 'name' | 'command'>,
	dynamics: Dynamics
): Promise<string> {
	const { steps, ...measured } = dynamics;
	const alike = { name, ...measured, texts: measured.texts.map((text) => text.sha256) };
	const id = `${slugOf(name)}-${sha256(JSON.stringify(alike)).slice(0, 8)}`;
	const folder = workspaceAt(home).dynamics;
	const stored: StoredDynamics = sealed({
		...{ format: 'spanwise/dynamics' as const, version: 1 as const, id, name },
		...{ createdAt: new Date().toISOString(), spanwise: VERSION, command },
		dynamics: { ...measured, steps }
	});
	try {
		makePrivateFolder(folder);
		await writeWhole(join(folder, `${id}.json`), `${JSON.stringify(stored)}\n`);
	} catch (error) {
		throw new InputError(`${quoted(folder)}: cannot be written: ${messageOf(error)}`, {
			cause: error
		});
	}
	return id;
}

/** Ids of the trainings that a workspace keeps, by name; none where it keeps none. */
export async function dynamicsIds(home: string): Promise<string[]> {
	const files = await readdir(workspaceAt(home).dynamics).catch((): string[] => []);
	return files
		.filter((file) => file.endsWith('.json'))
		.map((file) => file.slice(0, -'.json'.length))
		.filter((id) => ID.test(id))
		.toSorted();
}

/** Returns a training. Throws InputError where there is none of that id, and for a file that is damaged. */
export async function readDynamics(home: string, id: string): Promise<StoredDynamics> {
	const known = await dynamicsIds(home);
	if (!known.includes(id)) {
		throw new InputError(
			`${quoted(id)}: no training of that name; ${known.length === 0 ? 'spanwise dynamics measures one' : `there are: ${known.join(', ')}`}`
		);
	}
	const file = join(workspaceAt(home).dynamics, `${id}.json`);
	const json = await readRecordFile(file);
	checkSeal(json, file);
	return parseUntrusted(fileSchema, json, file);
}
