import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DamageReport } from '../analysis/measure/damage/types.ts';
import { writeTinyCheckpoint } from '../tests/builders/checkpoint.ts';
import { runCommand } from '../tests/builders/command.ts';

let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-damage-'));
	await writeTinyCheckpoint(at('tiny'), { config: { num_hidden_layers: 4 } });
	const lines = Array.from({ length: 60 }, (_, n) => `the sand ${(n * 7919) % 997} and the rain`);
	await writeFile(at('text.txt'), lines.join('. '));
});

afterAll(() => rm(folder, { recursive: true }));

function damage(...args: string[]) {
	const small = ['--text', at('text.txt'), '--context', '32', '--windows', '3', '--recall', 'off'];
	return runCommand(['damage', at('tiny'), ...small, '--home', at('home'), ...args]);
}

describe('spanwise damage', () => {
	it('--json prints the report and nothing else on stdout; talk goes to stderr', async () => {
		const { code, stdout, stderr } = await damage('--json', '--out', at('damage.jsonl'));
		expect(code).toBe(0);
		const report = JSON.parse(stdout) as DamageReport;
		expect(Object.keys(report)).toEqual([
			'baseline',
			'drop',
			'pairs',
			'spans',
			'evaluations',
			'interval'
		]);
		expect(report.drop).toHaveLength(4);
		expect(report.pairs.map((pair) => Object.keys(pair))).toEqual(
			Array(6).fill(['source', 'follower', 'loss', 'low', 'high', 'output'])
		);
		expect(report.spans.map((span) => Object.keys(span))).toEqual(
			Array(6).fill(['source', 'last', 'loss', 'low', 'high'])
		);
		expect(report.interval).toBe('blocks');
		const { done, naive } = report.evaluations;
		expect(naive).toBe((1 + 4 + 6 + 3) * 4 * 3);
		expect(stderr).toMatch(
			/(^|\n)tiny, 3 × 32 tokens: will take .* of memory \(limit .*\) and roughly/
		);
		expect(stderr).toContain(`results are kept in ${at('damage.jsonl')}\n`);
		expect(stderr).toContain(`layer evaluations: ${done}; each case run by itself: ${naive} (`);
		expect((await readFile(at('damage.jsonl'), 'utf8')).trimEnd().split('\n')).toHaveLength(
			1 + 14 * 3
		);
	});

	it('measures recall too, and prints which layers carry it', async () => {
		const { stdout } = await damage('--recall', 'on', '--json');
		const { recall } = JSON.parse(stdout) as DamageReport;
		expect(recall?.drop).toHaveLength(4);
		expect(Object.keys(recall?.spans[0] ?? {})).toEqual(['source', 'last', 'loss', 'low', 'high']);
		expect((await damage('--recall', 'on')).stdout).toContain('the layers that carry it:');
		expect((await damage()).stdout).toContain('recall: not measured');
	});

	it('goes on from the results that are there, and says so', async () => {
		const first = await damage('--json', '--out', at('stopped.jsonl'));
		const lines = (await readFile(at('stopped.jsonl'), 'utf8')).split('\n');
		await writeFile(at('stopped.jsonl'), lines.slice(0, 20).join('\n') + '\n');
		const second = await damage('--json', '--out', at('stopped.jsonl'));
		expect(second.stdout).toBe(first.stdout);
		expect(second.stderr).toContain(`${at('stopped.jsonl')}; 19 of 42 are there\n`);
	});

	it('without --json lists the least damaging spans and drops, by the loss they add', async () => {
		const { code, stdout } = await damage();
		expect(code).toBe(0);
		expect(stdout).toMatch(
			/^tiny \(.*\), measured on 93 predicted tokens \(3 × 32\) of text\.txt\n/
		);
		const added = (title: string) =>
			[
				...stdout
					.slice(stdout.indexOf(title))
					.split('\n\n')[0]
					.matchAll(/^\S+ +(−?\d+\.\d{4}) /gm)
			].map(([, loss]) => Number(loss.replace('−', '-')));
		for (const [title, rows] of [
			['span shared', 6],
			['layer dropped', 4]
		] as const) {
			expect(added(title)).toHaveLength(rows);
			expect(added(title)).toEqual(added(title).toSorted((a, b) => a - b));
		}
	});

	it('refuses a file about something else and too little memory, on one line', async () => {
		await damage('--out', at('other.jsonl'));
		for (const [args, message] of [
			[['--out', at('other.jsonl'), '--max-span', '3'], 'made with maxSpan 6; this is 3'],
			[['--out', at('text.txt')], 'text.txt: not one of spanwise damage'],
			[['--out', at('tiny')], 'tiny: not one of spanwise damage'],
			[['--memory', '100MB'], 'memory: one window of 32 tokens takes']
		] as const) {
			const { code, stdout, stderr } = await damage(...args);
			expect([code, stdout]).toEqual([2, '']);
			expect(stderr).toContain(message);
			expect(stderr.match(/\n/g)).toHaveLength(1);
		}
	});
});
