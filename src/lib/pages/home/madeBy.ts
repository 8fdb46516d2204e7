import type { Job } from '../../client/api.ts';
import { tabAddress } from '../../tabs/tabAddress.ts';

/** Returns the address of the run or result that a job made, and the text of a link to it; null: none is made yet. */
export function madeBy(job: Job): { href: string; words: string } | null {
	const { state, kind, name, run, result } = job;
	if (state !== 'done' || run === null) return null;
	if (kind === 'analyze') return { href: `/runs/${run}`, words: 'Open the run' };
	if (result === null) return null;
	return { href: tabAddress(run, kind, result), words: `Open the ${name}` };
}
