import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Dynamics } from './dynamics.ts';
import { dynamicsIds, readDynamics, writeDynamics } from './storedDynamics.ts';

const STEP = {
	...{ step: 10, name: 'step10', run: 'a', hash: '0', loss: 2, recall: null, damage: null },
	...{ similarity: { value: 0.5, low: null, high: null }, pairs: [0.5] }
};
const DYNAMICS: Dynamics = {
	...{ metric: 'cosine', view: 'all', texts: [{ name: 'a.txt', sha256: '1' }] },
	...{ context: 32, windows: 2, steps: [STEP] }
};
const ABOUT = { name: 'Training', command: 'spanwise dynamics Training' };

let home: string;
beforeEach(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-training-'));
});
afterEach(() => rm(home, { recursive: true }));

it('a training is read as it was written; more checkpoints replace it, other settings do not', async () => {
	expect(await dynamicsIds(home)).toEqual([]);
	const id = await writeDynamics(home, ABOUT, DYNAMICS);
	expect(id).toMatch(/^training-[0-9a-f]{8}$/);
	expect(await readDynamics(home, id)).toMatchObject({ ...ABOUT, id, dynamics: DYNAMICS });
	const more = { ...DYNAMICS, steps: [STEP, { ...STEP, step: 20 }] };
	expect(await writeDynamics(home, ABOUT, more)).toBe(id);
	expect((await readDynamics(home, id)).dynamics.steps).toHaveLength(2);
	const torch = { name: 'torch', device: 'cpu', dtype: 'float32' } as const;
	const other = await writeDynamics(home, ABOUT, { ...DYNAMICS, engine: torch });
	expect(await dynamicsIds(home)).toEqual([id, other].toSorted());
});

it('a file that was changed, and an id that is none, are refused', async () => {
	const id = await writeDynamics(home, ABOUT, DYNAMICS);
	const file = join(home, 'dynamics', `${id}.json`);
	await writeFile(file, (await readFile(file, 'utf8')).replace('"loss":2', '"loss":1'));
	await expect(readDynamics(home, id)).rejects.toThrow('do not match its checksum');
	await writeFile(file, '{"format":"spanwise/run"}');
	await expect(readDynamics(home, id)).rejects.toThrow(`${id}.json: `);
	await expect(readDynamics(home, '../jobs')).rejects.toThrow(
		`../jobs: no training of that name; there are: ${id}`
	);
});
