import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
	clearAbandoned,
	clearRemembered,
	isBeingWritten,
	partialName,
	partialWriter,
	rememberPartial,
	writeWhole
} from './partial.ts';

/** Above the largest process number that Linux gives. */
const NOBODY = 4194305;

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-partial-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('an unfinished name', () => {
	it('says whose it is', () => {
		expect(partialWriter(partialName('model'))).toBe(process.pid);
		expect(partialWriter('.partial-a-7-model-12-0123abcd')).toBe(12);
	});

	it.each(['.partial-model', 'model-12-0123abcd', '.partial-model-12-0123', ''])(
		'is none: %j',
		(name) => {
			expect(partialWriter(name)).toBeNull();
		}
	);
});

describe('what killed writers left', () => {
	it('goes, and what is being written or is nobody’s stays', async () => {
		const stays = [
			'.partial-old',
			`.partial-a-${process.pid}-0123abcd`,
			`.partial-b-${process.ppid}-0123abcd`,
			'model'
		];
		for (const name of [...stays, `.partial-c-${NOBODY}-0123abcd`]) {
			await mkdir(join(folder, name, 'inside'), { recursive: true });
		}
		await clearAbandoned(folder);
		expect((await readdir(folder)).sort()).toEqual(stays.sort());
	});

	it('goes of one file alone where one is asked for', async () => {
		for (const base of ['a.json', 'b.json']) {
			await writeFile(join(folder, `.partial-${base}-${NOBODY}-0123abcd`), 'half');
		}
		await writeWhole(join(folder, 'a.json'), 'whole');
		expect((await readdir(folder)).sort()).toEqual([
			`.partial-b.json-${NOBODY}-0123abcd`,
			'a.json'
		]);
		expect(await readFile(join(folder, 'a.json'), 'utf8')).toBe('whole');
	});

	it('is found where a workspace remembers it, and nothing else is', async () => {
		const name = `.partial-model-${NOBODY}-0123abcd`;
		const [home, elsewhere] = [join(folder, 'home'), join(folder, 'elsewhere')];
		for (const each of [name, 'precious']) await mkdir(join(elsewhere, each), { recursive: true });
		await rememberPartial(home, join(elsewhere, name));
		// A note that names something else than it is called by.
		await writeFile(
			join(home, 'partials', `.partial-other-${NOBODY}-0123abcd`),
			join(elsewhere, 'precious')
		);
		await clearRemembered(home);
		expect(await readdir(elsewhere)).toEqual(['precious']);
		expect(await readdir(join(home, 'partials'))).toEqual([]);
	});

	it('is forgotten where it was finished', async () => {
		const forget = await rememberPartial(folder, join(folder, partialName('model')));
		expect(await readdir(join(folder, 'partials'))).toHaveLength(1);
		await forget();
		expect(await readdir(join(folder, 'partials'))).toEqual([]);
	});
});

describe('a writer that cannot be seen from here', () => {
	const elsewhere = `.partial-model-at00000000.77.${NOBODY}-0123abcd`;

	it('is taken to be writing until nothing has changed for a day', async () => {
		await mkdir(join(folder, elsewhere));
		await clearAbandoned(folder);
		expect(await readdir(folder)).toEqual([elsewhere]);
		expect(isBeingWritten(join(folder, elsewhere))).toBe(true);
		const before = new Date(Date.now() - 25 * 3600_000);
		await utimes(join(folder, elsewhere), before, before);
		expect(isBeingWritten(join(folder, elsewhere))).toBe(false);
		await clearAbandoned(folder);
		expect(await readdir(folder)).toEqual([]);
	});

	it('is not one whose number another process has got since', async () => {
		const own = partialName('model');
		const place = /at[0-9a-f]{8}/.exec(own)?.[0] ?? '';
		const reused = `.partial-model-${place}.1.${process.ppid}-0123abcd`;
		await mkdir(join(folder, reused));
		await clearAbandoned(folder);
		expect(await readdir(folder)).toEqual([]);
	});
});

describe('a file written whole', () => {
	it('leaves nothing where it cannot be written', async () => {
		await mkdir(join(folder, 'taken'));
		await expect(writeWhole(join(folder, 'taken'), 'text')).rejects.toThrow('taken');
		expect(await readdir(folder)).toEqual(['taken']);
	});
});
