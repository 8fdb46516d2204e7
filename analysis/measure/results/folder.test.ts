import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
	madeUpBenchResult,
	madeUpDamage,
	madeUpEvaluation,
	madeUpSearch
} from '../../../tests/builders/results.ts';
import { filesOf, listResults, readResult, resultShelf, writeResult } from './folder.ts';
import type { StoredResult } from './types.ts';

let home: string;
beforeEach(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-results-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe('a stored result', () => {
	it.each([
		['damage', madeUpDamage()],
		['evaluation', madeUpEvaluation()],
		['search', madeUpSearch()]
	])('of a %s is read back the same', async (_, parts) => {
		const stored = await writeResult(home, parts);
		expect(stored).toMatchObject({ format: 'spanwise/result', version: 1, ...parts });
		expect(stored.id).toMatch(/^tiny-\d{8}-\d{6}-[0-9a-f]{4}$/);
		expect(await readResult(home, stored.id)).toEqual(stored);
	});
	it('has the refitted weights of its plans beside it, and names no other files', async () => {
		const bytes = Buffer.from('weights');
		const files = [{ file: 'weights.safetensors', bytes }];
		const stored = await writeResult(home, madeUpSearch(), files, { id: 'a' });
		expect(filesOf(stored)).toEqual(['weights.safetensors']);
		expect(filesOf(await writeResult(home, madeUpDamage()))).toEqual([]);
		const folder = join(home, 'results', 'a');
		expect((await readdir(folder)).sort()).toEqual(['result.json', 'weights.safetensors']);
		expect(await readFile(join(folder, 'weights.safetensors'))).toEqual(bytes);
	});
	it('is never written over, and nothing half-written stays', async () => {
		await writeResult(home, madeUpDamage(), [], { id: 'a' });
		await expect(writeResult(home, madeUpSearch(), [], { id: 'a' })).rejects.toThrow(
			'exists already'
		);
		expect(await readdir(join(home, 'results'))).toEqual(['a']);
	});
	it('is called by the name of its folder, so that a copy is a result of its own', async () => {
		const stored = await writeResult(home, madeUpDamage(), [], { id: 'a' });
		await mkdir(join(home, 'results', 'b'));
		await writeFile(join(home, 'results', 'b', 'result.json'), JSON.stringify(stored));
		expect((await readResult(home, 'b')).id).toBe('b');
	});
	it('is deleted by id, never by path', async () => {
		await writeResult(home, madeUpDamage(), [], { id: 'a' });
		await expect(resultShelf(home).delete('../results/a')).rejects.toThrow('not an id');
		await resultShelf(home).delete('a');
		expect(await readdir(join(home, 'results'))).toEqual([]);
		await expect(resultShelf(home).delete('a')).rejects.toThrow('result a: not found in');
	});
});

describe('readResult refuses', () => {
	async function readEdited(change: object): Promise<unknown> {
		const stored = await writeResult(home, madeUpEvaluation());
		const file = join(home, 'results', stored.id, 'result.json');
		await writeFile(file, JSON.stringify({ ...stored, ...change }));
		return readResult(home, stored.id);
	}
	it.each([
		['a newer version', { version: 2, extra: 1 }, 'result version 2; this is Spanwise'],
		[
			'another format',
			{ format: 'spanwise/run' },
			'not a result; expected format "spanwise/result"'
		],
		['a field of the wrong type', { windows: 'many' }, 'windows: found "many"'],
		[
			'figures of no kind it knows',
			{ result: { kind: 'guess' } },
			'result.json: result: found Object; expected the figures of a damage map, an evaluation, a search, a tuning, a bench or a comparison of lm-evaluation-harness runs'
		],
		[
			'figures that lack what a list shows',
			{ result: { kind: 'evaluate', plan: { sources: [0] }, evaluation: { report: {} } } },
			'result.json: result: found Object; expected the figures'
		],
		[
			'a bench without figures',
			{ result: { kind: 'bench', plan: { sources: [0] }, bench: { ratio: {} } } },
			'result.json: result: found Object; expected the figures'
		]
	])('%s', async (_, change, message) => {
		await expect(readEdited(change)).rejects.toThrow(message);
	});
	it('any change of a character, or it reads the same', async () => {
		const { id } = await writeResult(home, madeUpEvaluation());
		const file = join(home, 'results', id, 'result.json');
		const whole = await readFile(file, 'utf8');
		const { model, context, windows, command, texts, createdAt } = await readResult(home, id);
		const read = { id, model, context, windows, command, texts, createdAt };
		let refused = 0;
		for (let at = 0; at < whole.length; at += 3) {
			const other = /\d/.test(whole[at]) ? String((Number(whole[at]) + 1) % 10) : '~';
			await writeFile(file, whole.slice(0, at) + other + whole.slice(at + 1));
			const found = await readResult(home, id).catch((error: unknown) => error);
			if (found instanceof Error) {
				expect(found.message).toContain('result.json');
				refused++;
			} else expect(found).toMatchObject(read);
		}
		expect(refused).toBeGreaterThan(whole.length / 3 - 10);
	});
	it('a changed figure, with a sentence', async () => {
		await expect(readEdited({ windows: 7 })).rejects.toThrow(
			'result.json: its contents do not match its checksum: it was changed or damaged after it was written'
		);
	});
	it('nothing of a result of an earlier version, which has no checksum; a note says so', async () => {
		const read = (await readEdited({ checksum: undefined })) as StoredResult;
		const notes = read.result.kind === 'evaluate' ? read.result.evaluation.notes : [];
		expect(notes.at(-1)).toBe(
			'no checksum: an earlier version stored this result, and a change of it would not be noticed'
		);
	});
	it('an infinite figure of a result of an earlier version', async () => {
		const stored = await writeResult(home, madeUpEvaluation(), [], { id: 'a' });
		const text = JSON.stringify({ ...stored, checksum: undefined });
		const figure = /"perplexity":[\d.]+/;
		expect(text).toMatch(figure);
		await writeFile(
			join(home, 'results', 'a', 'result.json'),
			text.replace(figure, '"perplexity":1e999')
		);
		await expect(readResult(home, 'a')).rejects.toThrow(
			'result.json: perplexity is Infinity; expected a finite number'
		);
	});
	it('to store what is no number', async () => {
		const parts = { ...madeUpDamage(), windows: NaN };
		await expect(writeResult(home, parts)).rejects.toThrow('windows is NaN');
	});
	it('a folder without one, and what is no id', async () => {
		await expect(readResult(home, 'a')).rejects.toThrow('missing; expected a stored result');
		await expect(readResult(home, '..')).rejects.toThrow('result "..": not an id');
	});
});

describe('the results of a workspace', () => {
	it('are listed in short, newest first, then what cannot be read with the reason', async () => {
		const at = (second: number, id: string) => ({ id, createdAt: new Date(second * 1000) });
		await writeResult(home, madeUpDamage(), [], at(1, 'old'));
		await writeResult(home, madeUpSearch(), [], at(3, 'new'));
		await writeResult(home, madeUpEvaluation(), [], at(2, 'middle'));
		await mkdir(join(home, 'results', 'empty'));
		const listed = await listResults(home);
		expect(listed.map(({ id }) => id)).toEqual(['new', 'middle', 'old', 'empty']);
		expect(listed.map(({ summary }) => summary?.words)).toEqual([
			'share, 12.5% of the KV cache: +0.200 nats/token',
			'1 follower: +0.200 [+0.100, +0.300] nats/token',
			'cheapest: drop layer 1, +0.100; let 2 follow 1, +0.050 nats/token',
			undefined
		]);
		expect(listed[1].summary?.evaluation).toEqual({
			sources: [0, 0, 2],
			repaired: false,
			plan: '[[0,0,2],[],null]',
			loss: 0.2,
			low: 0.1,
			high: 0.3,
			baseline: 3,
			agreement: 0.9,
			recall: null,
			gates: 'fail'
		});
		expect(listed[3].problem).toContain('missing; expected a stored result');
	});
	it('say of a bench what it gains, planned to baseline, and what the plan costs', async () => {
		const { id } = await writeResult(home, madeUpBenchResult());
		const listed = await listResults(home);
		expect(listed.find((each) => each.id === id)?.summary).toMatchObject({
			kind: 'bench',
			texts: ['walden.txt'],
			context: 512,
			windows: 7,
			words: '1 follower: first token ×0.89, decode ×1.29, cache ×0.88; loss +0.036, recall +0.010',
			evaluation: null,
			bench: {
				sources: [0, 0, 2],
				firstToken: { q25: 0.866, median: 0.887, q75: 0.918 },
				tokensPerSecond: { q25: 1.245, median: 1.287, q75: 1.318 },
				cache: 0.875
			}
		});
	});
	it('are none where there is no workspace', async () => {
		expect(await listResults(join(home, 'nowhere'))).toEqual([]);
	});
});
