import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Progress } from './progress.ts';
import { Reporter } from './reporter.ts';

beforeEach(() => {
	vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] });
});
afterEach(() => {
	vi.useRealTimers();
});

it('what is waited for counts as elapsed, not as work: the time left is extrapolated without it', async () => {
	const reported: Progress[] = [];
	const reporter = new Reporter({ work: 10, layers: 1, windows: 1, context: 4 }, (progress) =>
		reported.push(progress)
	);
	const loaded = reporter.waitFor(
		'loading',
		new Promise((resolve) => {
			setTimeout(resolve, 60_000);
		})
	);
	await vi.advanceTimersByTimeAsync(60_000);
	await loaded;
	vi.advanceTimersByTime(2_000);
	reporter.add(5, 'windows', 1);
	expect(reported[0]).toMatchObject({ stage: 'loading', fraction: 0 });
	expect(reported[1]).toMatchObject({ fraction: 0.5, secondsElapsed: 62, secondsLeft: 2 });
	expect(reporter.secondsWorking()).toBe(2);
});

it.each([
	['one report', [[10, 4]], 0.4],
	[
		'a slow start and two more',
		[
			[60, 1],
			[2, 1],
			[2, 2]
		],
		0.75
	],
	[
		'a batch whose windows come at once',
		[
			[10, 1],
			[0.05, 3]
		],
		4 / 10.05
	],
	[
		'two such batches',
		[
			[10, 1],
			[0, 3],
			[8, 1],
			[0, 3]
		],
		0.5
	]
])('the rate leaves the start out: %s', (_, reports, expected) => {
	const reporter = new Reporter({ work: 10, layers: 1, windows: 9, context: 4 }, () => undefined);
	for (const [seconds, work] of reports) {
		vi.advanceTimersByTime(seconds * 1000);
		reporter.add(work, 'windows', 1);
	}
	expect(reporter.rate()).toBeCloseTo(expected, 12);
});
