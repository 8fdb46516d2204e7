import { benchOwn } from './bench.ts';
import { damageOwn } from './damage.ts';
import { evaluateOwn } from './evaluate.ts';
import type { Own } from './measurement.ts';
import { searchOwn } from './search.ts';
import { tuneOwn } from './tune.ts';

/** Parts of subcommands beyond their kinds, by kind; the other subcommands print a summary and keep the result. */
export const OWN: Readonly<Partial<Record<string, Own>>> = {
	damage: damageOwn,
	evaluate: evaluateOwn,
	search: searchOwn,
	tune: tuneOwn,
	bench: benchOwn
};
