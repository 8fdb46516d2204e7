import { describe, expect, it } from 'vitest';
import type { Similarity } from '$analysis/similarity/types.ts';
import { planCommand } from '../tabs/map/planCommand.ts';
import { absence, shownMatrix, shownRange } from '$analysis/publish/shown.ts';
import type { RunUrl } from './url.ts';

const similarity: Similarity = {
	metric: 'cosine',
	view: 'all',
	layers: 2,
	matrix: Float64Array.of(1, 0.8, 0.8, 1),
	null: Float64Array.of(0.9, 0.5, 0.5, 0.9),
	low: Float64Array.of(1, 0.75, 0.75, 1),
	high: Float64Array.of(1, 0.85, 0.85, 1),
	interval: 'blocks'
};

describe('what the map shows', () => {
	it('is the measure, its null, the excess over it, or the width of the interval', () => {
		const second = (show: 'similarity' | 'null' | 'excess' | 'width') =>
			shownMatrix(similarity, show)?.[1];
		expect(second('similarity')).toBe(0.8);
		expect(second('null')).toBe(0.5);
		expect(second('excess')).toBeCloseTo(0.6, 12); // (0.8 − 0.5) / (1 − 0.5)
		expect(second('width')).toBeCloseTo(0.1, 12);
	});
	it('starts the colours of a width at 0, those of a similarity at its lowest', () => {
		expect(shownRange(Float64Array.of(0, 0.1, 0.1, 0), 2, 'width')).toEqual([0, 0.1]);
		expect(shownRange(similarity.matrix, 2, 'similarity')).toEqual([0.8, 0.8]);
	});
	it('says why something is not there', () => {
		const one = { ...similarity, null: null, low: null, high: null };
		expect(absence(similarity, 'excess')).toBeNull();
		expect(absence(one, 'null')).toContain('this run has one');
		expect(absence(one, 'width')).toContain('two windows or more');
		expect(absence({ ...one, metric: 'js' }, 'null')).toContain('not for js');
	});
});

describe('planCommand', () => {
	const url = { metric: 'cosine', view: 'all', maxSpan: 4, protectedLayers: [0, 15] };
	const command = (plan: RunUrl['plan'], protectedLayers = [0, 15]) =>
		planCommand('run-1', 'my model', { ...url, plan, protectedLayers } as RunUrl);
	it('makes the plan on the screen again', () => {
		expect(command({ by: 'followers', followers: 4 })).toBe(
			'spanwise plan run-1 --followers 4 --metric cosine --view all --max-span 4 --protect 0,15 --out my_model_plan.json'
		);
		expect(command({ by: 'threshold', threshold: 0.9 })).toContain('--min-similarity 0.9 ');
		expect(command({ by: 'followers', followers: 4 }, [])).toContain('--protect none ');
	});
	it('is not there for a plan drawn by hand', () => {
		expect(command({ by: 'hand', spans: [], dropped: [] })).toBeNull();
	});
});
