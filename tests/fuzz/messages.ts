import type { Outcome } from './target.ts';

/** To the child: try the mutant of this seed. */
export interface Ask {
	seed: number;
}

/** From the child. */
export type Reply =
	{ kind: 'ready' } | { kind: 'outcome'; outcome: Outcome } | { kind: 'finding'; what: string };
