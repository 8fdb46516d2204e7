import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { readJsonFile } from '../../edge/json.ts';
import { parseUntrusted } from '../../edge/parse.ts';
import { InputError, messageOf } from '../../errors.ts';
import { makePrivateFolder } from '../../privateFolder.ts';
import { writeWhole } from '../../process/partial.ts';
import { ID } from '../shelf.ts';
import { workspaceAt } from '../workspace.ts';
import { isEmptyLabel, NO_LABEL, type Label, type Labelled, type Labels } from './label.ts';
import { labelSchema } from './schema.ts';
import { mergeLabels, type Merged } from './merge.ts';

/** A label of the largest size has some 4 kB. */
const MAX_LABEL_BYTES = 32_000;

const fileSchema = v.object({
	format: v.literal('spanwise/label'),
	version: v.literal(1),
	...labelSchema.entries
});

/** The labels of a workspace, and why some could not be read. A workspace without any has none. */
export async function readLabels(home: string): Promise<{ labels: Labels; problems: string[] }> {
	const labels: Labels = { runs: {}, results: {} };
	const problems: string[] = [];
	for (const of of ['runs', 'results'] as const) {
		const names = await readdir(join(workspaceAt(home).labels, of)).catch((): string[] => []);
		for (const file of names.toSorted()) {
			const id = file.endsWith('.json') ? file.slice(0, -'.json'.length) : '';
			if (!ID.test(id)) continue;
			try {
				labels[of][id] = await readLabel(home, of, id);
			} catch (error) {
				problems.push(messageOf(error));
			}
		}
	}
	return { labels, problems };
}

/** The label of a run or result; an empty one where it has none. Throws InputError for a file that is no label. */
export async function readLabel(home: string, of: Labelled, id: string): Promise<Label> {
	const file = labelFile(home, of, id);
	const names = await readdir(join(workspaceAt(home).labels, of)).catch((): string[] => []);
	if (!names.includes(`${id}.json`)) return { ...NO_LABEL };
	const { name, note, tags, pinned } = parseUntrusted(
		fileSchema,
		await readJsonFile(file, MAX_LABEL_BYTES),
		file
	);
	return { name, note, tags, pinned };
}

/**
 * Makes the change from `was` to `next` on what the file says now (see `mergeLabels`), and replaces the file whole; where
 * both changed a text nothing is written. An empty label has no file. A file that is no label is written anew. Throws InputError where the workspace
 * may not be written.
 */
export async function changeLabel(
	home: string,
	of: Labelled,
	id: string,
	{ was, next }: { was: Label; next: Label }
): Promise<Merged> {
	const file = labelFile(home, of, id);
	const current = await readLabel(home, of, id).catch(() => was);
	const merged = mergeLabels(current, was, next);
	if (merged.conflicts.length > 0) return merged;
	try {
		if (isEmptyLabel(merged.label)) await rm(file, { force: true });
		else {
			makePrivateFolder(join(workspaceAt(home).labels, of));
			const stored = { format: 'spanwise/label', version: 1, ...merged.label };
			await writeWhole(file, `${JSON.stringify(stored, null, '\t')}\n`);
		}
	} catch (error) {
		const code = error instanceof Error && 'code' in error ? String(error.code) : '';
		if (!['EACCES', 'EPERM', 'EROFS'].includes(code)) throw error;
		throw new InputError(
			`${file}: may not be written (${code}); allowed: a workspace that you can write to`,
			{ cause: error }
		);
	}
	return merged;
}

/** Removes the label of what was deleted; does nothing where it has none. */
export async function removeLabel(home: string, of: Labelled, id: string): Promise<void> {
	await rm(labelFile(home, of, id), { force: true });
}

function labelFile(home: string, of: Labelled, id: string): string {
	if (!ID.test(id)) {
		throw new InputError(
			`label of ${JSON.stringify(id)}: not an id; allowed: letters, digits, dot, dash and underscore`
		);
	}
	return join(workspaceAt(home).labels, of, `${id}.json`);
}
