import { expect, it } from 'vitest';
import { judgeWindows } from './onnxWindows.ts';

it('takes the graph’s windows unless a run shows more, and a run’s where the graph says nothing', () => {
	const windows = {
		within: 100,
		notes: [],
		layers: [
			{ tokens: 8, from: 'graph' as const },
			{ tokens: 8, from: 'graph' as const },
			{ tokens: null, from: 'graph' as const },
			{ tokens: null, from: 'nothing' as const },
			{ tokens: 64, from: 'config.json' as const },
			{ tokens: null, from: 'nothing' as const }
		]
	};
	expect(judgeWindows(windows, [8, 20, 20, 6, 20, 20], 20)).toEqual({
		reach: [8, null, null, 6, null, null],
		notes: [
			'attention reaches beyond the sliding window of the graph: layer 1 (8 tokens). Every key was kept.',
			'sliding windows seen in this run, which the graph does not tell: layer 3 (6 tokens)',
			'no sliding window within 20 tokens in layers 4, 5; wider ones cannot be read from the graph'
		]
	});
});
