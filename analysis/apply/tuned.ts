import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { readJsonFile } from '../edge/json.ts';
import { parseUntrusted } from '../edge/parse.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { RECORD_FILE } from '../model/onnx/writtenPlan.ts';
import { writeModelFolder } from '../workspace/wholeFolder.ts';
import { CARD_FILE } from './deploy.ts';
import { SAFETENSORS_FILE } from './safetensors.ts';
import { writtenFiles } from './record.ts';

/** A tuned model to be written, with the facts for its card and record. */
export interface TunedModel {
	/** The planned folder that was tuned. */
	from: string;
	/** The tuned weights. */
	weights: string;
	/** The folder to be written: new or empty. */
	out: string;
	home: string;
	/** The command, and figures for the record. */
	tuned: { command: string; report: object };
	/** Lines of the card about the figures. */
	lines: readonly string[];
}

/**
 * Writes the folder of a tuned model, whole or not at all: the planned folder with other weights, its card and record
 * extended. It is opened before it is there. Throws InputError where the folder cannot be written.
 */
export async function writeTuned({
	from,
	weights,
	out,
	home,
	tuned,
	lines
}: TunedModel): Promise<void> {
	await writeModelFolder(out, home, async (folder) => {
		const names = (await readdir(from)).filter((name) => name !== RECORD_FILE);
		for (const name of names) {
			await copyFile(name === SAFETENSORS_FILE ? weights : join(from, name), join(folder, name));
		}
		const card = await readFile(join(folder, CARD_FILE), 'utf8');
		await writeFile(join(folder, CARD_FILE), card + section(tuned.command, lines));
		await openCheckpoint(folder);
		const record = parseUntrusted(
			v.looseObject({}),
			await readJsonFile(join(from, RECORD_FILE)),
			RECORD_FILE
		);
		const written = {
			...record,
			files: await writtenFiles(folder, names),
			verified: null,
			transformers: null,
			tuned
		};
		await writeFile(join(folder, RECORD_FILE), `${JSON.stringify(written, null, 2)}\n`);
	});
}

function section(command: string, lines: readonly string[]): string {
	return `
## Tuning

The weights were tuned after the plan was applied, by \`${command}\`.

${lines.map((line) => `- ${line}`).join('\n')}
`;
}
