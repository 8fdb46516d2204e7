import { expect, it } from 'vitest';
import { savings } from '../analysis/plan/savings.ts';
import type { Sources } from '../analysis/plan/types.ts';
import { madeUpRun } from '../tests/builders/run.ts';
import { savingsText } from './savingsText.ts';

const { model } = madeUpRun().record;
const text = (sources: Sources) =>
	savingsText(
		savings(model, sources, { context: 64, batch: 1, elementBytes: 2 }),
		'tiny',
		model.layers,
		'bf16'
	);

it('speaks of dropped layers and their V cache only where there are any', () => {
	expect(text([0, 0, 2])).toMatch(
		/^followers +1 of 3 layers\nK cache .*: 33.3% of K, 16.7% of K and V$/m
	);
	expect(text([0, 0, 2])).not.toMatch(/dropped|V cache/);
	const both = text([0, 0, null]);
	expect(both).toMatch(
		/^followers +1 of 3 layers\ndropped +1 of 3 layers\nK cache .*: 66.7% of K$/m
	);
	expect(both).toMatch(/^V cache .* per token\); with K 50.0% of K and V$/m);
});
