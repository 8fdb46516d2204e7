import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../errors.ts';
import { ProgressFile, progressHeader, readResults, type CaseResult } from '../lossFile.ts';

const HEADER = progressHeader({ model: 'a', texts: ['b'], context: 8, windows: 2, maxSpan: 2 });
const RESULTS: CaseResult[] = [
	{ window: 0, case: 'baseline', loss: 3.25 },
	{ window: 0, case: 'drop 1', loss: 3.5 },
	{ window: 1, case: 'share 0 with 1', loss: 4, squares: [1.5, 2] }
];

let home: string;
let path: string;
let whole: string;
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-damage-changed-'));
	path = join(home, 'a.jsonl');
	const file = await ProgressFile.open(path, HEADER);
	for (const result of RESULTS) await file.add(result);
	await file.close();
	whole = await readFile(path, 'utf8');
});
afterAll(() => rm(home, { recursive: true }));

async function notesOf(text: string): Promise<readonly string[]> {
	await writeFile(path, text);
	const file = await ProgressFile.open(path, HEADER);
	await file.close();
	return file.notes;
}

const withoutChecksums = () => whole.replaceAll(/,"checksum":"[0-9a-f]+"/g, '');

describe('a progress file', () => {
	it('is read back as it was written, and gone on with', async () => {
		expect(await notesOf(whole)).toEqual([]);
		expect(await readResults(path)).toEqual(RESULTS);
		const file = await ProgressFile.open(path, HEADER);
		await file.add({ window: 1, case: 'baseline', loss: 3 });
		await file.close();
		expect(await readResults(path)).toHaveLength(4);
	});

	it('of which any character was changed is refused, or gives the same results', async () => {
		let refused = 0;
		for (let at = 0; at < whole.length; at++) {
			const other = /\d/.test(whole[at]) ? String((Number(whole[at]) + 1) % 10) : '~';
			await writeFile(path, whole.slice(0, at) + other + whole.slice(at + 1));
			const found = await readResults(path).catch((error: unknown) => error);
			if (!(found instanceof Error)) {
				// The last line's end: it counts as not written.
				expect(found).toEqual(RESULTS.slice(0, 2));
				continue;
			}
			expect(found).toBeInstanceOf(InputError);
			expect(found.message).toContain(`progress file ${path}`);
			refused++;
		}
		expect(refused).toBe(whole.length - 1);
	});

	it('says which line was changed, and what to do', async () => {
		await writeFile(path, whole.replace('3.5', '3.4'));
		await expect(readResults(path)).rejects.toThrow(
			`progress file ${path}: line 3: changed or damaged after it was written; delete the line, and it is measured again`
		);
		await writeFile(path, whole.split('\n').toSpliced(2, 1).join('\n'));
		expect(await readResults(path)).toEqual([RESULTS[0], RESULTS[2]]);
	});

	it('does not take a line of another file', async () => {
		const other = join(home, 'b.jsonl');
		const file = await ProgressFile.open(other, { ...HEADER, model: 'c' });
		await file.close();
		const [header] = (await readFile(other, 'utf8')).split('\n');
		await writeFile(other, [header, ...whole.split('\n').slice(1)].join('\n'));
		await expect(readResults(other)).rejects.toThrow('line 2: changed or damaged');
	});

	it('of an earlier version, without checksums, is read with a note', async () => {
		const [note] = await notesOf(withoutChecksums());
		expect(note).toBe(
			`${path}: 3 of 3 results have no checksum: an earlier version wrote them, and a change of them would not be noticed`
		);
		expect(await readResults(path)).toEqual(RESULTS);
	});

	it.each([
		['3.25', '1e999'],
		['3.25', 'NaN'],
		['3.25', 'null'],
		['[1.5,2]', '[1.5,-2]'],
		['"window":1', '"window":-1']
	])('without checksums is refused where %s became %s', async (from, to) => {
		await writeFile(path, withoutChecksums().replace(from, to));
		await expect(readResults(path)).rejects.toThrow('changed or damaged');
	});
});
