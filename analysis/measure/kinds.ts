/** The kinds of measurement, each a folder here: the one list of them. */
import { analyze } from './analyze/index.ts';
import { bench } from './bench/index.ts';
import { damage } from './damage/index.ts';
import { evaluate } from './evaluate/index.ts';
import { search } from './search/index.ts';
import { tasks } from './tasks/index.ts';
import { tune } from './tune/index.ts';

/** Those that make a result. */
export const MEASUREMENTS = [damage, evaluate, search, tune, bench] as const;

/** Results that other programs measured. */
export const IMPORTED = [tasks] as const;

/** All, in the order of the command's --help. */
export const KINDS = [analyze, ...MEASUREMENTS] as const;
