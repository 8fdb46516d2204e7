import { NO_LABEL } from '../../analysis/workspace/labels/label.ts';
import type { LabelsAnswer } from '../../src/lib/client/api.ts';
import { results, studies } from './world.svelte.ts';

/** Names, notes and tags of some of the made-up runs and results. */
export const labels: LabelsAnswer = {
	labels: {
		runs: {
			[studies[0].run.record.id]: {
				name: 'first try',
				note: 'The map of figure 2. To be run again on the longer text.',
				tags: ['draft', 'paper'],
				pinned: true
			}
		},
		results: { [results[0].id]: { ...NO_LABEL, name: 'as sent to Ada', tags: ['paper'] } }
	},
	problems: [],
	readOnly: null
};
