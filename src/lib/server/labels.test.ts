import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { NO_LABEL } from '$analysis/workspace/labels/label.ts';
import { writeRun } from '$analysis/workspace/run/write.ts';
import { madeUpRun } from '../../../tests/builders/run.ts';
import { readerHere } from '../../../tests/builders/readerHere.ts';
import { LabelCatalogue } from './labels.ts';
import { RunCatalogue } from './runs.ts';

it('keeps both of two changes that are sent at once, and forgets a label with its run', async () => {
	const home = await mkdtemp(join(tmpdir(), 'spanwise-catalogue-'));
	onTestFinished(() => rm(home, { recursive: true }));
	const { record, sums, windows } = madeUpRun('a');
	await writeRun(join(home, 'runs', 'a'), record, sums, windows);
	const labels = new LabelCatalogue(home);
	const change = (next: object) =>
		labels.change('runs', 'a', { was: NO_LABEL, next: { ...NO_LABEL, ...next } });
	await Promise.all([change({ name: 'n' }), change({ note: 'm' }), change({ tags: ['t'] })]);
	const whole = { ...NO_LABEL, name: 'n', note: 'm', tags: ['t'] };
	expect((await labels.list()).labels.runs).toEqual({ a: whole });
	expect(await change({ name: 'other' })).toEqual({ label: whole, conflicts: ['name'] });

	await new RunCatalogue(home, readerHere).remove('a');
	expect((await labels.list()).labels.runs).toEqual({});
});
