import { expect, it } from 'vitest';
import type { SearchReport } from '../analysis/measure/search/types.ts';
import { resultsText } from './resultsText.ts';

const loss = (value: number) => ({ loss: value, low: value - 0.01, high: value + 0.01 });
const plan = (planner: string, sources: (number | null)[], text: number, recall: number) => ({
	name: planner,
	maker: planner,
	repaired: false,
	kind: 'drop',
	sources,
	report: loss(text),
	recall: { choose: loss(recall), report: loss(recall) }
});

const REPORT = {
	verdict: { kind: 'drop', plan: 'drop-recall', sentence: '' },
	goal: { kind: 'followers', followers: 2 },
	plans: [
		plan('drop', [0, null, 2, 3], 0.1, 2),
		plan('drop-recall', [0, 1, null, 3], 0.2, -0.02),
		// Comes to the same plan: one row is enough.
		plan('mixed-recall', [0, 1, null, 3], 0.2, -0.02),
		plan('llm-drop', [0, 1, 2, null], 0.3, 0.4),
		plan('llm-drop-steps', [null, 1, 2, 3], 0.5, 0.6)
	],
	recall: {
		baseline: { search: 1, choose: 1, report: 0.25 },
		probes: { search: 2, choose: 2, report: 2 },
		textOnly: { plan: 'drop', sources: [0, null, 2, 3], report: loss(0.1), recall: loss(2) }
	},
	baseline: { report: { loss: 3.5 } },
	parts: { report: { windows: 4, documents: [0] } }
} as unknown as SearchReport;

it('has a row for each plan, the proposed one in bold, and says what it means', () => {
	const text = resultsText('tiny', [REPORT], 'two cores');
	expect(text).toContain('Baseline: text 3.500, recall 0.250 nats/token.');
	expect(text).toContain('(4 windows of text and 2 probes), with 95% CIs.');
	const rows = text.split('\n').filter((line) => line.startsWith('| 2 followers'));
	expect(rows).toHaveLength(4);
	expect(rows[1]).toBe(
		'| 2 followers | drop-recall (dropping) | text and recall | dropped 2 | **+0.200** [0.190, 0.210] | **−0.020** [−0.030, −0.010] |'
	);
	expect(text).toContain(
		'The plan that text alone chooses, drop (dropped 1), adds +0.100 on text and +2.000 on recall. LLM-Drop in one shot adds +0.300 on text and +0.400 on recall, step by step it adds +0.500 on text and +0.600 on recall.'
	);
});
