import { expect, it } from 'vitest';
import type { Job } from '../../client/api.ts';
import { madeBy } from './madeBy.ts';

const running: Job = {
	...{ id: '1', kind: 'analyze', name: 'analysis', extent: '4 × 8 tokens of t', state: 'running' },
	...{ model: 'm', texts: ['t'], context: 8, windows: 4, createdAt: '2026-01-01T00:00:00Z' },
	...{ progress: null, estimate: null, run: 'r', result: null, reason: null, telemetry: null }
};
const done: Job = { ...running, state: 'done' };

it('leads to the run of an analysis, and to the tab with the result of a measurement', () => {
	expect(madeBy(done)).toEqual({ href: '/runs/r', words: 'Open the run' });
	const measured: Job = { ...done, result: 'm' };
	expect(madeBy({ ...measured, kind: 'damage', name: 'damage map' })).toEqual({
		href: '/runs/r?tab=map&damage=m&map=damage',
		words: 'Open the damage map'
	});
	expect(madeBy({ ...measured, kind: 'search' })?.href).toBe('/runs/r?tab=search&search=m');
});
it('leads nowhere before there is a result', () => {
	expect(madeBy(running)).toBeNull();
	expect(madeBy({ ...done, kind: 'damage' })).toBeNull();
});
