import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readResults } from '../analysis/measure/lossFile.ts';
import { withModel } from '../analysis/model/open.ts';
import { writeTinyCheckpoint } from '../tests/builders/checkpoint.ts';
import { writeGguf } from '../tests/builders/gguf.ts';
import { ggufOf } from '../tests/builders/ggufOf.ts';
import { work } from './work.ts';

const documents = [{ name: 'a.txt', text: 'the sea and the rain on the sand. '.repeat(30) }];
const settings = { context: 16, windows: 2, maxSpan: 3, recall: false, torch: null };
let home: string;
const models: Record<string, string> = {};
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-work-'));
	models.checkpoint = join(home, 'tiny');
	await writeTinyCheckpoint(models.checkpoint);
	const { metadata, tensors } = await ggufOf(models.checkpoint, 'llama-bpe');
	models.GGUF = await writeGguf(join(home, 'other.gguf'), metadata, tensors);
});
afterAll(() => rm(home, { recursive: true, force: true }));

it.each(['checkpoint', 'GGUF'])(
	'a damage map of a %s says while it runs where its results are',
	async (form) => {
		const modelFolder = models[form];
		const modelHash = await withModel(modelFolder, (model) => model.hash(home));
		const request = {
			...{ kind: 'damage', modelFolder, modelHash, settings, documents, home },
			...{ questions: null, tokenizer: null, planFolder: null, memoryLimitBytes: 2e9 }
		};
		const found: (string | null)[] = [];
		await work({ kind: 'measure', request, id: `of-${form}`, command: '' }, ({ progressFile }) =>
			found.push(progressFile)
		);
		const [first] = found;
		expect(first).not.toBeNull();
		expect(new Set(found).size).toBe(1);
		const name = form === 'GGUF' ? 'other-' : 'tiny-';
		const [written] = (await readdir(join(home, 'damage'))).filter((file) => file.startsWith(name));
		expect(first).toBe(join(home, 'damage', written));
		expect((await readResults(first ?? '')).length).toBeGreaterThan(0);
	}
);
