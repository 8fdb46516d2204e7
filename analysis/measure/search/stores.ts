import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ProgressFile } from '../lossFile.ts';
import { VERSION } from '../../version.ts';
import type { PreparedSearch } from './prepare.ts';
import { PARTS, type Part } from './types.ts';

/** Measured losses on disk, a file for each part. */
export interface SearchStores {
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

/**
 * Opens or makes the files in `<home>/search/` that hold what was measured on the very windows of each part,
 * whatever the goal was: a search that was stopped, or another goal, goes on from there.
 */
export async function openStores(
	{ checkpoint, parts, context, limits }: PreparedSearch,
	model: string,
	home: string
): Promise<SearchStores> {
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
			maxSpan: limits.maxSpan
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
