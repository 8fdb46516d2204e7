import type { OpenedKind } from '../state/url.ts';

/** Kinds of stored results that each tab opens, by the tab; apart from the tabs, so that an address needs none of their components. */
export const OPENS = {
	map: [{ kind: 'damage' }],
	evaluate: [{ kind: 'evaluate', earlier: 'eval' }],
	search: [{ kind: 'search', earlier: 'found' }],
	tune: [{ kind: 'tune' }],
	bench: [{ kind: 'bench' }]
} as const satisfies Record<string, readonly OpenedKind[]>;
