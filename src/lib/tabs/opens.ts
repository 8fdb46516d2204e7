import type { MapKind, OpenedKind } from '../state/url.ts';

/** A kind of stored results that a tab opens, and the map that shows them where the tab has several. */
export interface ShownKind extends OpenedKind {
	map?: MapKind;
}

/** Kinds of stored results that each tab opens, by the tab; apart from the tabs, so that an address needs none of their components. */
export const OPENS = {
	map: [{ kind: 'damage', map: 'damage' }],
	evaluate: [{ kind: 'evaluate', earlier: 'eval' }],
	search: [{ kind: 'search', earlier: 'found' }],
	tune: [{ kind: 'tune' }],
	bench: [{ kind: 'bench' }]
} as const satisfies Record<string, readonly ShownKind[]>;
