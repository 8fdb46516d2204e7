import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeResult } from '../analysis/measure/results/folder.ts';
import { writeRun } from '../analysis/workspace/run/write.ts';
import { runCommand } from '../tests/builders/command.ts';
import { madeUpDamage, madeUpEvaluation } from '../tests/builders/results.ts';
import { madeUpRun } from '../tests/builders/run.ts';

let home: string;
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-results-'));
	const { record, sums, windows } = madeUpRun('a');
	await writeRun(join(home, 'runs', 'a'), record, sums, windows);
	await writeResult(home, madeUpEvaluation());
	await writeResult(home, madeUpDamage());
});
afterAll(() => rm(home, { recursive: true }));

const results = async (...args: string[]) => {
	const { code, stdout, stderr } = await runCommand(['results', ...args, '--home', home]);
	expect(code, stderr).toBe(0);
	return stdout;
};

describe('spanwise results', () => {
	it('lists runs and measurements', async () => {
		const listed = JSON.parse(await results('--json')) as { kind: string }[];
		expect(listed.map(({ kind }) => kind).toSorted()).toEqual(['analyze', 'damage', 'evaluate']);
		expect(await results()).toMatch(
			/^tiny +evaluate .* 1 follower: \+0\.200 \[\+0\.100, \+0\.300\] nats\/token$/m
		);
	});
	it('ranks plans', async () => {
		const [header, row] = (await results('--of', 'plans', '--format', 'csv')).split('\n');
		expect(header).toBe(
			'model,rank,name,change,counts,saved,loss,low,high,similarity,kind,id,label,tags,note,pinned'
		);
		expect(row).toMatch(/^tiny,1,,1←0,1 follower,0,0\.2,0\.1,0\.3,0\.\d+,evaluate,/);
	});
	it('joins the damage of spans with their similarity', async () => {
		const args = ['--of', 'spans', '--where', 'change!=dropped: 0', '--json'];
		const listed = JSON.parse(await results(...args)) as Record<string, unknown>[];
		expect(listed.map(({ rank, change, loss }) => [rank, change, loss])).toEqual([
			[1, 'dropped: 1', 0.1],
			[2, '0–1', 0.2],
			[3, 'dropped: 2', 0.3]
		]);
		expect(listed[1].similarity).toBeGreaterThan(0);
		expect(listed[0].similarity).toBeNull();
	});
	it('refuses a condition that it cannot read', async () => {
		const { code, stderr } = await runCommand(['results', '--where', 'loss<1', '--home', home]);
		expect(code).toBe(2);
		expect(stderr).toMatch(/^error: where: loss<1; expected a column, .*columns: model, kind, id/);
	});
});
