/** The kinds of measurement that a report has something to say of, each a file here: the one list of them. */
import { bench } from './bench.ts';
import { damage } from './damage.ts';
import { evaluate } from './evaluate.ts';
import type { ReportedKind } from './reportedKind.ts';
import { search } from './search.ts';
import { tasks } from './tasks.ts';
import { tune } from './tune.ts';

/** In the order of their questions, sections, sentences and terms. */
export const REPORTED: readonly ReportedKind[] = [damage, evaluate, tasks, search, bench, tune];
