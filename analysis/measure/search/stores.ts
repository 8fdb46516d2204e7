import { join } from 'node:path';
import { sha256 } from '../../edge/seal.ts';
import { ProgressFile } from '../lossFile.ts';
import { VERSION } from '../../version.ts';
import { resumedBy } from '../torchFlags.ts';
import type { PreparedSearch } from './prepare.ts';
import type { PlanSample } from './planRunner.ts';
import type { SearchTasks } from './tasks.ts';
import { PARTS, type Part, type TaskPart } from './types.ts';

/** Measured losses on disk, a file for each part. */
export interface PartStores<Of extends Part> {
	files: Record<Of, ProgressFile>;
	folder: string;
	/** Results that are there. */
	found: number;
	/** Notes on the files, such as results without a checksum. */
	notes: string[];
	close(): Promise<void>;
	/** Removes the files: what they hold cannot be trusted. */
	discard(): Promise<void>;
}

/** Of windows of text, or of probes of recall. */
export type SampleStores = PartStores<Part>;

const FILE_NAME_DIGITS = 16;

/** The files of windows of text, of probes of recall and of the user's questions; null: there are none. */
export interface SearchStores extends Omit<SampleStores, 'files'> {
	text: SampleStores;
	recall: SampleStores | null;
	tasks: PartStores<TaskPart> | null;
}

type About = Pick<PreparedSearch, 'checkpoint' | 'limits' | 'torch'>;

/** Opens or makes the files of everything that a search measures; see `openStores`. */
export async function openSearchStores(
	prepared: PreparedSearch,
	model: string,
	home: string
): Promise<SearchStores> {
	const text = await openStores(prepared, prepared.text, model, home);
	const recall = prepared.recall && (await openStores(prepared, prepared.recall, model, home));
	const tasks = prepared.tasks && (await openTaskStores(prepared, prepared.tasks, model, home));
	const all = [text, recall, tasks].filter((stores) => stores !== null);
	return {
		...{ text, recall, tasks },
		folder: text.folder,
		found: all.reduce((sum, { found }) => sum + found, 0),
		notes: all.flatMap(({ notes }) => notes),
		close: async () => {
			for (const each of all) await each.close();
		},
		discard: async () => {
			for (const each of all) await each.discard();
		}
	};
}

/**
 * Opens or makes the files in `<home>/search/` that hold what was measured on the very windows of each part,
 * whatever the goal was: a search that was stopped, or another goal, goes on from there.
 */
async function openStores(
	about: About,
	{ parts, context }: PlanSample,
	model: string,
	home: string
): Promise<SampleStores> {
	const folder = join(home, 'search');
	const openPart = (part: Part): Promise<ProgressFile> => {
		const windows = parts[part].map(({ document, start, ids }) => ({ document, start, ids }));
		return openFile(about, { folder, name: part, sequences: windows, context, model });
	};
	const files = {
		search: await openPart('search'),
		choose: await openPart('choose'),
		report: await openPart('report')
	};
	return partStores(files, PARTS, folder);
}

/** The same for the choices of the user's questions: of each, the summed loss of its tokens (nats). */
async function openTaskStores(
	about: About,
	{ parts, context }: SearchTasks,
	model: string,
	home: string
): Promise<PartStores<TaskPart>> {
	const folder = join(home, 'search');
	const openPart = (part: TaskPart): Promise<ProgressFile> => {
		const choices = parts[part].choices.map(({ ids, choiceStart }) => ({ ids, choiceStart }));
		const name = `questions-${part}`;
		return openFile(about, { folder, name, sequences: choices, context, model });
	};
	const files = { choose: await openPart('choose'), report: await openPart('report') };
	return partStores(files, ['choose', 'report'], folder);
}

/** `sequences`: what was run, in order. */
async function openFile(
	{ checkpoint, limits, torch }: About,
	of: { folder: string; name: string; sequences: readonly object[]; context: number; model: string }
): Promise<ProgressFile> {
	const { folder, name, sequences, context, model } = of;
	const header = {
		format: 'spanwise/damage' as const,
		version: VERSION,
		model,
		texts: [sha256(JSON.stringify(sequences))],
		context,
		windows: sequences.length,
		maxSpan: limits.maxSpan,
		...resumedBy(torch)
	};
	const file = `${checkpoint.name.replaceAll('/', '-')}-${name}-${sha256(JSON.stringify(header)).slice(0, FILE_NAME_DIGITS)}.jsonl`;
	return ProgressFile.open(join(folder, file), header);
}

function partStores<Of extends Part>(
	files: Record<Of, ProgressFile>,
	parts: readonly Of[],
	folder: string
): PartStores<Of> {
	const all = parts.map((part) => files[part]);
	return {
		files,
		folder,
		found: all.reduce((sum, { size }) => sum + size, 0),
		notes: all.flatMap(({ notes }) => notes),
		close: async () => {
			for (const file of all) await file.close();
		},
		discard: async () => {
			for (const file of all) await file.discard();
		}
	};
}
