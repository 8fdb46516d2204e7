import * as v from 'valibot';
import type { Stored } from '../kind.ts';
import { report } from '../settings.ts';
import type { ResampledOver } from '../../statistics/resample.ts';
import type { Tasks } from './types.ts';
import { rowWords } from './words.ts';

const bound = v.nullable(v.number());

/** Two runs of lm-evaluation-harness, imported: stored like a measurement, and measured elsewhere. */
export const tasks = {
	kind: 'tasks',
	name: 'lm-evaluation-harness comparison',
	noun: 'a comparison of lm-evaluation-harness runs',
	key: 'tasks',
	takes: [],
	figures: report({
		a: v.string(),
		b: v.string(),
		rows: v.array(
			report({
				task: v.string(),
				metric: v.string(),
				delta: v.object({ value: v.number(), low: bound, high: bound })
			})
		)
	}),
	about: ({ model, rows }) => ({
		model,
		texts: [],
		context: 0,
		windows: Math.max(...rows.map(({ questions }) => questions))
	}),
	summary: ({ a, b, rows }) => `${b} − ${a}: ${rows.slice(0, 3).map(rowWords).join('; ')}`,
	brief: { key: 'tasks', of: tasksBrief }
} as const satisfies Stored<Tasks>;

/** Summary of a comparison for lists: the names of both runs and all of its rows. */
export interface TasksBrief extends Pick<Tasks, 'a' | 'b' | 'rows'> {
	over: ResampledOver | null;
}

function tasksBrief({ a, b, rows, over }: Tasks): TasksBrief {
	return { a, b, rows, over };
}
