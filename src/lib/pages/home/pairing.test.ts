import { expect, it } from 'vitest';
import { recordOf } from '../../../../tests/builders/comparedRun.ts';
import { latestPair } from './pairing.ts';

const [a, b] = [recordOf('a', 4), recordOf('b', 4)];
const otherContext = recordOf('c', 4, { context: 16 });

it('pairs the newest run with the newest of another model on the same windows, older first', () => {
	const again = recordOf('b', 4, { id: 'run-b-again' });
	expect(latestPair([b, otherContext, again, a])?.map(({ id }) => id)).toEqual(['run-a', 'run-b']);
});
it('takes another model on other windows, then another run, where there is no better', () => {
	expect(latestPair([b, otherContext])?.map(({ id }) => id)).toEqual(['run-c', 'run-b']);
	const again = recordOf('b', 4, { id: 'run-b-again' });
	expect(latestPair([b, again])?.map(({ id }) => id)).toEqual(['run-b-again', 'run-b']);
});
it('prefers an older pair on the same windows to a newer run on others', () => {
	expect(latestPair([otherContext, b, a])?.map(({ id }) => id)).toEqual(['run-a', 'run-b']);
});
it('needs two runs that measured cosine', () => {
	expect(latestPair([])).toBeNull();
	expect(latestPair([a])).toBeNull();
	expect(latestPair([a, recordOf('d', 4, { metrics: ['js'] })])).toBeNull();
});
