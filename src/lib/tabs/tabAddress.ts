import { OPENS, type ShownKind } from './opens.ts';

/** Tab that lists the results that no tab opens one by one: those imported from lm-evaluation-harness. */
const LISTED = 'evaluate';
const OPENED = Object.entries<readonly ShownKind[]>(OPENS).flatMap(([tab, kinds]) =>
	kinds.map((opened) => ({ tab, ...opened }))
);

/** The address of a run's page with a stored result open on its tab. */
export function tabAddress(run: string, kind: string, id: string): string {
	const opened = OPENED.find((each) => each.kind === kind);
	const query = new URLSearchParams({ tab: opened?.tab ?? LISTED });
	if (opened !== undefined) query.set(kind, id);
	if (opened?.map !== undefined) query.set('map', opened.map);
	return `/runs/${encodeURIComponent(run)}?${query.toString()}`;
}
