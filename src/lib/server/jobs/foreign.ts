import * as v from 'valibot';
import { parseOrNull } from '$analysis/edge/parse.ts';
import { quoted } from '$analysis/edge/quote.ts';
import { JOB_ID, kindSchema, type KeptJob } from './record.ts';

/** A job of jobs.json that this version does not understand: of a newer version, or spoilt. */
export interface ForeignJob {
	/** As the file has it, and as it is written back. */
	stored: unknown;
	/** Job to show on the list in its place. */
	job: KeptJob;
	/** Names the folder of its texts; null: that is not known. */
	textsId: string | null;
}

const shownSchema = v.object({
	id: v.fallback(v.nullable(v.pipe(v.string(), v.regex(JOB_ID))), null),
	kind: v.fallback(kindSchema, 'analyze'),
	model: v.fallback(v.string(), 'unknown'),
	createdAt: v.fallback(v.pipe(v.string(), v.isoTimestamp()), new Date(0).toISOString())
});

/** Makes a job to show for one that is not understood, with the reason `why`. `taken`: ids of the jobs before it. */
export function foreignJob(stored: unknown, why: string, taken: ReadonlySet<string>): ForeignJob {
	const read = parseOrNull(v.object({ job: shownSchema }), stored)?.job;
	const id = read?.id && !taken.has(read.id) ? read.id : null;
	return {
		stored,
		textsId: id,
		job: {
			id: id ?? `unread-${taken.size}`,
			kind: read?.kind ?? 'analyze',
			state: 'unknown',
			model: quoted(read?.model ?? 'unknown'),
			texts: [],
			context: 0,
			windows: 0,
			createdAt: read?.createdAt ?? new Date(0).toISOString(),
			progress: null,
			estimate: null,
			run: null,
			result: null,
			reason: `not understood by this version of Spanwise, and kept as it is: ${why}`,
			telemetry: null
		}
	};
}
