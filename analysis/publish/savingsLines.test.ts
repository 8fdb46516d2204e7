import { expect, it } from 'vitest';
import { savings } from '../plan/savings.ts';
import type { Sources } from '../plan/types.ts';
import { madeUpRun } from '../../tests/builders/run.ts';
import { savingsLines } from './savingsLines.ts';

const { model } = madeUpRun().record;
const setting = { context: 64, batch: 1, elementBytes: 2 };
/** Name and fraction of what is saved in memory, for a plan of the made-up run's three layers. */
const memory = (sources: Sources) =>
	savingsLines(savings(model, sources, setting))[0].rows.map(({ name, share }) => [name, share]);

it('has no V cache where no layer is dropped: followers keep theirs', () => {
	expect(memory([0, 0, 2])).toEqual([
		['K cache', '−16.67% of KV'],
		['parameters', expect.anything()]
	]);
});

it('has the V cache of dropped layers; the shares of K and V add up to what is saved of both', () => {
	const sources = [0, 0, null];
	expect(memory(sources)).toEqual([
		['K cache', '−33.33% of KV'],
		['V cache', '−16.67% of KV'],
		['parameters', expect.anything()]
	]);
	expect(savings(model, sources, setting).kCache.shareOfKv).toBe(0.5);
});
