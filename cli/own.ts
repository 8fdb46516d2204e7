import { benchOwn } from './bench.ts';
import { damageOwn } from './damage.ts';
import { evaluateOwn } from './evaluate.ts';
import type { Own } from './measurement.ts';
import { searchOwn } from './search.ts';
import { tuneOwn } from './tune.ts';

/** What the subcommands of some kinds have beyond their kinds; others print a summary and keep the result. */
export const OWN: Readonly<Partial<Record<string, Own>>> = {
	damage: damageOwn,
	evaluate: evaluateOwn,
	search: searchOwn,
	tune: tuneOwn,
	bench: benchOwn
};
