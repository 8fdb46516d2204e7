import { expect, it } from 'vitest';
import type { ModelListing } from '$analysis/model/checkpoint/types.ts';
import { recordOf } from '../../../../tests/builders/comparedRun.ts';
import { leadRun } from './lead.ts';

const [example, other, own] = ['example', 'other', 'own'].map((name) => {
	const record = recordOf(name, 4);
	return { ...record, model: { ...record.model, folder: `/${name}` } };
});
const bundled = ['/example', '/other'].map((folder): ModelListing => ({
	...{ id: folder, name: folder, folder, form: 'checkpoint', origin: 'bundled' },
	...{ facts: null, planned: null, problem: null }
}));

it('asks about the first bundled model until the user has analysed one of their own', () => {
	expect(leadRun([other, example], bundled)).toBe(example);
	expect(leadRun([other, example, own], bundled)).toBe(own);
});
it('asks about the newest run where the example has none, and about nothing without runs', () => {
	expect(leadRun([other], bundled)).toBe(other);
	expect(leadRun([], bundled)).toBeNull();
});
