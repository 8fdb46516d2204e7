import { OPENS } from './opens.ts';

/** Tab that lists the results that no tab opens one by one: those imported from lm-evaluation-harness. */
const LISTED = 'evaluate';

/** The address of a run's page with a stored result open on its tab. */
export function tabAddress(run: string, kind: string, id: string): string {
	const tab = Object.entries(OPENS).find(([, opens]) =>
		opens.some((opened) => opened.kind === kind)
	);
	const query = new URLSearchParams({ tab: tab?.[0] ?? LISTED });
	if (tab !== undefined) query.set(kind, id);
	return `/runs/${encodeURIComponent(run)}?${query.toString()}`;
}
