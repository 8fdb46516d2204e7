import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { strToU8, unzipSync, zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { madeUpDamage, madeUpEvaluation, madeUpSearch } from '../../../tests/builders/results.ts';
import { madeUpRun } from '../../../tests/builders/run.ts';
import { sealed, sha256 } from '../../edge/seal.ts';
import { workspaceRows } from '../../measure/overview/rows.ts';
import { listResults, writeResult } from '../../measure/results/folder.ts';
import { NO_LABEL } from '../../workspace/labels/label.ts';
import { changeLabel, readLabel } from '../../workspace/labels/files.ts';
import { runFolder } from '../../workspace/run/list.ts';
import { readRun } from '../../workspace/run/read.ts';
import { writeRun } from '../../workspace/run/write.ts';
import { importBundleFile } from './file.ts';
import { readBundle } from './read.ts';
import { bundleOf } from './write.ts';

const RUN = 'tiny-20261123-061503-a1b2';
let folder: string;
let home: string;
let other: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-bundle-'));
	[home, other] = [join(folder, 'home'), join(folder, 'other')];
	const { record, sums, windows } = madeUpRun(RUN);
	await writeRun(runFolder(home, RUN), record, sums, windows);
	await writeResult(home, madeUpDamage(), [], { id: 'damage' });
	await writeResult(home, madeUpEvaluation(), [], { id: 'evaluation' });
	const weights = [{ file: 'weights.safetensors', bytes: Buffer.from('weights') }];
	await writeResult(home, madeUpSearch(), weights, { id: 'search' });
	const elsewhere = { ...madeUpDamage(), model: { name: 'else', hash: 'ff' } };
	await writeResult(home, elsewhere, [], { id: 'elsewhere' });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function bundle() {
	const place = runFolder(home, RUN);
	return bundleOf({ folder: place, record: await readRun(place), home });
}

/** The bundle's file, with a change of its members; whatever `change` adds is in the list of files too. */
async function file(
	change: (members: Record<string, Uint8Array>) => Record<string, Uint8Array> = (same) => same,
	resealed = true
): Promise<string> {
	const members = change(unzipSync((await bundle()).bytes));
	if (resealed && 'bundle.json' in members) {
		const manifest = JSON.parse(Buffer.from(members['bundle.json']).toString()) as {
			checksum: string;
			files: unknown;
		};
		const files = Object.entries(members)
			.filter(([path]) => path !== 'bundle.json')
			.map(([path, bytes]) => ({ path, bytes: bytes.length, sha256: sha256(bytes) }));
		members['bundle.json'] = strToU8(
			JSON.stringify(sealed({ ...manifest, checksum: undefined, files }))
		);
	}
	const path = join(folder, 'run.zip');
	await writeFile(path, zipSync(members));
	return path;
}

/** Every file of a folder, by its path, with its bytes. */
async function everything(root: string): Promise<Record<string, string>> {
	const entries = await readdir(root, { recursive: true, withFileTypes: true });
	const files = entries.filter((entry) => entry.isFile());
	return Object.fromEntries(
		await Promise.all(
			files.map(async ({ parentPath, name }): Promise<[string, string]> => {
				const path = join(parentPath, name);
				return [path.slice(root.length + 1), (await readFile(path)).toString('base64')];
			})
		)
	);
}

describe('a run bundle', () => {
	it('has the run, the measurements of the same weights and a report, and nothing of the model', async () => {
		const { bytes, results, leftOut } = await bundle();
		expect(Object.keys(unzipSync(bytes)).sort()).toEqual(
			[
				'bundle.json',
				'report.html',
				'results/damage/result.json',
				'results/evaluation/result.json',
				'results/search/result.json',
				`runs/${RUN}/run.json`,
				`runs/${RUN}/similarity/all.gram`,
				...Object.keys(unzipSync(bytes)).filter((path) =>
					/similarity\/all\.(js|null|sqrt|windows)$/.test(path)
				),
				`runs/${RUN}/windows.json`
			].sort()
		);
		expect(results).toBe(3);
		expect(leftOut).toEqual(['search/weights.safetensors']);
	});
	it('brings everything to another workspace, bit for bit', async () => {
		const path = await file();
		expect(await importBundleFile(other, path)).toMatchObject({
			run: RUN,
			added: { run: true, results: 3 },
			modelIsHere: false,
			words: expect.stringMatching(
				/^run tiny-\S+ with 3 measurements was added; tiny is not on this machine/
			) as string
		});
		const written = await everything(home);
		const ofModel = Object.entries(written).filter(([name]) => !/elsewhere|safetensors/.test(name));
		expect(await everything(other)).toEqual(Object.fromEntries(ofModel));
		expect((await stat(other)).mode & 0o777).toBe(0o700);
	});
	it('brings names and notes, and changes none that are there', async () => {
		const named = { ...NO_LABEL, name: 'for the paper' };
		await changeLabel(home, 'runs', RUN, { was: NO_LABEL, next: named });
		const path = await file();
		await importBundleFile(other, path);
		expect((await readLabel(other, 'runs', RUN)).name).toBe('for the paper');
		await changeLabel(other, 'runs', RUN, { was: named, next: { ...NO_LABEL, name: 'mine' } });
		await importBundleFile(other, path);
		expect((await readLabel(other, 'runs', RUN)).name).toBe('mine');
	});
	it('says so where it is here already, and adds the measurements that are not', async () => {
		const path = await file();
		await importBundleFile(other, path);
		const again = await importBundleFile(other, path);
		expect(again.words).toContain(
			'is here already with all of its 3 measurements; nothing was written'
		);
		await rm(join(other, 'results', 'damage'), { recursive: true });
		expect((await importBundleFile(other, path)).words).toContain(
			'is here already; 1 measurement of 3 were added'
		);
	});
	it('of another run of the same id is refused', async () => {
		const path = await file();
		const { record, sums, windows } = madeUpRun(RUN);
		await writeRun(runFolder(other, RUN), { ...record, loss: 9 }, sums, windows);
		await expect(importBundleFile(other, path)).rejects.toThrow(
			`a run ${RUN} is here that is another`
		);
		expect(await readdir(other)).toEqual(['runs']);
	});
});

describe('a hostile bundle is refused, and nothing is written', () => {
	const add =
		(path: string, text = 'x') =>
		(members: Record<string, Uint8Array>) => ({
			...members,
			[path]: strToU8(text)
		});
	const run = (members: Record<string, Uint8Array>) => `runs/${RUN}/run.json` in members;
	it.each([
		['a path that leads out', add('../../evil'), 'is nothing that a run bundle holds'],
		['one inside a run', add(`runs/${RUN}/../../../evil`), 'is nothing that a run bundle holds'],
		['an absolute path', add('/etc/evil'), 'is nothing that a run bundle holds'],
		['a backslash', add(`runs\\${RUN}\\run.json`), 'is nothing that a run bundle holds'],
		['weights', add('results/search/weights.safetensors'), 'is nothing that a run bundle holds'],
		['a file that begins with a dot', add('results/.evil/result.json'), 'is nothing'],
		['a second run', add('runs/b/run.json'), 'found 2 runs; expected one'],
		[
			'no run',
			(members: Record<string, Uint8Array>) => {
				const rest = Object.entries(members).filter(([path]) => !path.startsWith('runs/'));
				expect(run(members)).toBe(true);
				return Object.fromEntries(rest);
			},
			'found 0 runs'
		],
		['a result that is none', add('results/damage/result.json', '{}'), 'not a result'],
		[
			'sums of another length',
			add(`runs/${RUN}/similarity/all.gram`),
			'all.gram: 1 bytes; expected'
		],
		[
			'no list of files',
			({ 'bundle.json': _, ...rest }: Record<string, Uint8Array>) => rest,
			'bundle.json is missing'
		]
	])('%s', async (_, change, message) => {
		const path = await file(change);
		await expect(importBundleFile(other, path)).rejects.toThrow(message);
		expect(await readdir(folder)).not.toContain('evil');
		expect(await readdir(other).catch(() => [])).toEqual([]);
	});
	it('a member that is not what its list says', async () => {
		const path = await file(add(`runs/${RUN}/run.json`, '{"format":"spanwise/run"}'), false);
		await expect(importBundleFile(other, path)).rejects.toThrow(
			`runs/${RUN}/run.json is not what was written`
		);
	});
	it('a list that was changed', async () => {
		const path = await file((members) => {
			const text = Buffer.from(members['bundle.json']).toString().replace('"tiny-', '"tinY-');
			return { ...members, 'bundle.json': strToU8(text) };
		}, false);
		await expect(importBundleFile(other, path)).rejects.toThrow('do not match its checksum');
	});
	it('more than may be unpacked, before anything is', () => {
		// Its directory says 4 GB of a member that has a byte.
		const bytes = Buffer.from(zipSync({ 'bundle.json': strToU8('x') }));
		const directory = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 1, 2]));
		bytes.writeUInt32LE(4_000_000_000, directory + 24);
		expect(() => readBundle(bytes, 'a.zip')).toThrow('a.zip: bundle.json has 4000000000 bytes');
		const bomb = Buffer.from(zipSync({ 'report.html': strToU8('x') }));
		bomb.writeUInt32LE(4_000_000_000, bomb.lastIndexOf(Buffer.from([0x50, 0x4b, 1, 2])) + 24);
		expect(() => readBundle(bomb, 'a.zip')).toThrow('unpacked it has more than 1.00 GB');
	});
	it('what is no archive, or cut off', async () => {
		expect(() => readBundle(strToU8('%PDF-1.7'), 'a.zip')).toThrow('a.zip: not a run bundle');
		const { bytes } = await bundle();
		expect(() => readBundle(bytes.subarray(0, bytes.length / 2), 'a.zip')).toThrow(
			'a.zip: damaged'
		);
	});
	it('where a folder of the workspace is in the way, taking back what it had moved', async () => {
		await mkdir(other, { recursive: true });
		await writeFile(join(other, 'runs'), '');
		const path = await file();
		await expect(importBundleFile(other, path)).rejects.toThrow();
		expect(await readdir(join(other, 'results')).catch(() => [])).toEqual([]);
		expect((await readdir(other)).filter((name) => name.startsWith('.partial'))).toEqual([]);
		expect(dirname(path)).toBe(folder);
	});
});

it('a measurement whose figures are not those of its kind is refused, and in a workspace it harms no other', async () => {
	const strange = (members: Record<string, Uint8Array>): Record<string, Uint8Array> => {
		const path = 'results/search/result.json';
		const stored = JSON.parse(Buffer.from(members[path]).toString()) as {
			checksum: string;
			result: { search: { report: { plans: { report: unknown }[] } } };
		};
		stored.result.search.report.plans[0].report = null;
		return {
			...members,
			[path]: strToU8(JSON.stringify(sealed({ ...stored, checksum: undefined })))
		};
	};
	const refused =
		'result search: its figures are not those that this version of Spanwise writes; delete it, or measure again';
	await expect(importBundleFile(other, await file(strange), 'run.zip')).rejects.toThrow(refused);

	const { bytes } = await bundle();
	const members = strange(unzipSync(bytes));
	const path = join('results', 'search', 'result.json');
	await writeFile(join(home, path), members[path]);
	const listed = await listResults(home);
	expect(listed.filter(({ problem }) => problem !== null)).toEqual([
		{ id: 'search', summary: null, problem: refused }
	]);
	const { measurements } = await workspaceRows(home);
	expect(measurements.map(({ id }) => id).sort()).toEqual(
		[RUN, 'damage', 'elsewhere', 'evaluation'].sort()
	);
});
