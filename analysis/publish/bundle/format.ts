import * as v from 'valibot';
import { boundedArray } from '../../edge/parse.ts';
import { VIEWS } from '../../similarity/types.ts';
import { PARTS, WINDOWS_FILE } from '../../workspace/run/sumsFiles.ts';

/** Most bytes of a bundle's files together, unpacked: both are held in memory. Larger runs are copied as folders. */
export const MOST_BUNDLE_BYTES = 1_000_000_000;
/** Most files in a bundle: a run has 13, a measurement has two. */
export const MOST_MEMBERS = 5000;

/** Lists the files of a bundle, and is one itself. */
export const MANIFEST = 'bundle.json';
/** For whoever opens a bundle without Spanwise; nothing reads it. */
export const REPORT = 'report.html';

const id = '[A-Za-z0-9][A-Za-z0-9._-]*';
const sums = `similarity/(?:${VIEWS.join('|')})\\.(?:${PARTS.join('|')})`;
const RUN_FILE = new RegExp(
	`^runs/(${id})/(run\\.json|${WINDOWS_FILE.replace('.', '\\.')}|${sums})$`
);
const RESULT_FILE = new RegExp(`^results/(${id})/(result\\.json)$`);
const LABEL_FILE = new RegExp(`^labels/(runs|results)/(${id})\\.json$`);

/** Identifies a file of a bundle by its path; null: nothing that a bundle holds. */
export function memberOf(
	path: string
): { of: 'runs' | 'results' | 'labels'; id: string; file: string } | null {
	const [of, match] =
		[
			['runs', RUN_FILE.exec(path)] as const,
			['results', RESULT_FILE.exec(path)] as const,
			['labels', LABEL_FILE.exec(path)] as const
		].find(([, found]) => found !== null) ?? [];
	if (of === undefined || !match) return null;
	return of === 'labels'
		? { of, id: match[2], file: match[1] }
		: { of, id: match[1], file: match[2] };
}

/** bundle.json, which is sealed. */
export interface BundleManifest {
	format: 'spanwise/bundle';
	version: 1;
	/** Version of Spanwise that made it. */
	spanwise: string;
	createdAt: string;
	run: string;
	/** Refitted weights that were left out: a bundle holds nothing of the model. */
	leftOut: string[];
	files: { path: string; bytes: number; sha256: string }[];
	checksum?: string;
}

export const manifestSchema: v.GenericSchema<unknown, BundleManifest> = v.object({
	format: v.literal('spanwise/bundle'),
	version: v.literal(1),
	spanwise: v.string(),
	createdAt: v.pipe(v.string(), v.isoTimestamp()),
	run: v.string(),
	leftOut: boundedArray(v.string(), MOST_MEMBERS),
	files: boundedArray(
		v.object({
			path: v.string(),
			bytes: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MOST_BUNDLE_BYTES)),
			sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hex'))
		}),
		MOST_MEMBERS
	),
	checksum: v.exactOptional(v.string())
});
