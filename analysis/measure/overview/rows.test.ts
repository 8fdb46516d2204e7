import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { madeUpLosses } from '../../../tests/builders/losses.ts';
import {
	madeUpBenchResult,
	madeUpDamage,
	madeUpEvaluation,
	madeUpPlan,
	madeUpSearch
} from '../../../tests/builders/results.ts';
import { madeUpTune } from '../../../tests/builders/tuned.ts';
import { writeResult, type ResultParts } from '../results/folder.ts';
import { workspaceRows } from './rows.ts';

let home: string;
beforeEach(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-rows-'));
});
afterEach(() => rm(home, { recursive: true }));

async function rowsOf(parts: ResultParts) {
	const { id } = await writeResult(home, parts);
	const { plans, spans, pairs } = await workspaceRows(home);
	const keys = new Map([...plans, ...spans].map(({ key, change }) => [key, change]));
	expect([...plans, ...spans].every((row) => row.id === id)).toBe(true);
	return {
		plans: plans.map(({ kind, name, change, counts, saved, loss, low, high }) => {
			return [kind, name, change, counts, saved, loss, low, high];
		}),
		spans: spans.map(({ kind, change, loss }) => [kind, change, loss]),
		pairs: pairs.map(({ key, source, follower }) => [keys.get(key), source, follower])
	};
}

describe('the rows of a result', () => {
	it('are the plan that was evaluated', async () => {
		expect(await rowsOf(madeUpEvaluation())).toEqual({
			plans: [['evaluate', null, '1←0', '1 follower', 0, 0.2, 0.1, 0.3]],
			spans: [],
			pairs: [['1←0', 0, 1]]
		});
	});
	it('are the plans of a search, by name', async () => {
		expect(await rowsOf(madeUpSearch())).toMatchObject({
			plans: [['search', 'share repaired', '1←0, repaired', '1 follower', 0.15, 0.2, 0.1, 0.3]],
			pairs: [['1←0, repaired', 0, 1]]
		});
	});
	it('are the dropped layers and spans of a damage map', async () => {
		expect(await rowsOf(madeUpDamage())).toEqual({
			plans: [],
			spans: [
				['damage', 'dropped: 0', 0.5],
				['damage', 'dropped: 1', 0.1],
				['damage', 'dropped: 2', 0.3],
				['damage', '0–1', 0.2]
			],
			pairs: [['0–1', 0, 1]]
		});
	});
	it('are the plan of a tuning, before it and after', async () => {
		const { model, texts, context, windows, ...stored } = madeUpEvaluation();
		const about = { model, texts, context, windows };
		// Neighbours differ by 0.3: layer 1 of 3 adds 0.3 · (2 − 1/3), and tuning leaves 0.3 of it, less 0.02.
		const losses = madeUpLosses(new Float64Array(9).fill(0.7), 3, 3);
		const plans = { planned: [0, 0, 2], rival: [0, null, 2] };
		const tune = madeUpTune(losses, plans, about);
		const result = { kind: 'tune', plan: madeUpPlan(), tune } as const;
		const close = (value: number): unknown => expect.closeTo(value, 12);
		expect(await rowsOf({ ...stored, ...about, result })).toEqual({
			plans: [
				['tune', 'untuned', '1←0', '1 follower', null, close(0.5), close(0.4), close(0.6)],
				['tune', 'tuned', '1←0', '1 follower', null, close(0.13), close(0.104), close(0.156)]
			],
			spans: [],
			pairs: [
				['1←0', 0, 1],
				['1←0', 0, 1]
			]
		});
	});
	it('are none where no loss increase was measured on its own', async () => {
		expect(await rowsOf(madeUpBenchResult())).toEqual({ plans: [], spans: [], pairs: [] });
	});
});
