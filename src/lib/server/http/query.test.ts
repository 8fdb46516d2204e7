import { expect, test } from 'vitest';
import { indexOf, layersOf, measureOf } from './query.ts';

const at = (search: string) => new URL(`http://127.0.0.1/api/runs/a/x${search}`);

test('metric and view are cosine and all unless the address says otherwise', () => {
	expect(measureOf(at(''))).toEqual({ metric: 'cosine', view: 'all' });
	expect(measureOf(at('?metric=js&view=no-sink'))).toEqual({ metric: 'js', view: 'no-sink' });
	expect(() => measureOf(at('?metric=euclid'))).toThrow(
		'metric: euclid; allowed: cosine, cosine-mean, cosine-matched, hellinger, js'
	);
});

test('layers are different ones, in the order given, four at most', () => {
	expect(layersOf(at('?layers=5,3,5'), 16)).toEqual([5, 3]);
	expect(() => layersOf(at('?layers=3,16'), 16)).toThrow(
		'layers: 16; expected a whole number from 0 to 15'
	);
	expect(() => layersOf(at('?layers=0,1,2,3,4'), 16)).toThrow('layers: 5 given; at most 4');
});

test.each(['', '?window=', '?window=-1', '?window=1.5', '?window=1e0', '?window=2'])(
	'%s is no window of two',
	(search) => {
		expect(() => indexOf(at(search), 'window', 2)).toThrow('expected a whole number from 0 to 1');
	}
);
