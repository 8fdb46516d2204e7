import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ProgressFile } from '../lossFile.ts';
import { VERSION } from '../../version.ts';
import { resumedBy } from '../torchFlags.ts';
import type { PreparedSearch } from './prepare.ts';
import type { PlanSample } from './planRunner.ts';
import { PARTS, type Part } from './types.ts';

/** Measured losses on disk, a file for each part and sample. */
export interface SampleStores {
	files: Record<Part, ProgressFile>;
	folder: string;
	/** Results that are there. */
	found: number;
	/** What is to be said of them. */
	notes: string[];
	close(): Promise<void>;
	/** Removes the files: what they hold cannot be trusted. */
	discard(): Promise<void>;
}

const FILE_NAME_DIGITS = 16;

/** The files of windows of text and of probes of recall; null: there are no probes. */
export interface SearchStores extends Omit<SampleStores, 'files'> {
	text: SampleStores;
	recall: SampleStores | null;
}

/** Opens or makes the files of everything that a search measures; see `openStores`. */
export async function openSearchStores(
	prepared: PreparedSearch,
	model: string,
	home: string
): Promise<SearchStores> {
	const text = await openStores(prepared, prepared.text, model, home);
	const recall = prepared.recall && (await openStores(prepared, prepared.recall, model, home));
	const all = recall === null ? [text] : [text, recall];
	return {
		text,
		recall,
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
	{ checkpoint, limits, torch }: Pick<PreparedSearch, 'checkpoint' | 'limits' | 'torch'>,
	{ parts, context }: PlanSample,
	model: string,
	home: string
): Promise<SampleStores> {
	const folder = join(home, 'search');
	const openPart = async (part: Part): Promise<ProgressFile> => {
		const windows = parts[part].map(({ document, start, ids }) => ({ document, start, ids }));
		const header = {
			format: 'spanwise/damage' as const,
			version: VERSION,
			model,
			texts: [sha256(windows)],
			context,
			windows: windows.length,
			maxSpan: limits.maxSpan,
			...resumedBy(torch)
		};
		const name = `${checkpoint.name.replaceAll('/', '-')}-${part}-${sha256(header).slice(0, FILE_NAME_DIGITS)}.jsonl`;
		return ProgressFile.open(join(folder, name), header);
	};
	const files = {
		search: await openPart('search'),
		choose: await openPart('choose'),
		report: await openPart('report')
	};
	const all = PARTS.map((part) => files[part]);
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

function sha256(value: unknown): string {
	return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
