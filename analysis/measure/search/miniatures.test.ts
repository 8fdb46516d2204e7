import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SearchReport } from './types.ts';
import { searchPlans } from '../../../tests/builders/opened.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Layers that stay as they are: of the other 8 there are plans enough to race. */
const PROTECTED = [0, 1, 2, 3, 4, 13, 14, 15];
/** Some 150 plans of a model of 16 layers. */
const LONG_MS = 300_000;

let home: string;
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-miniatures-'));
});
afterAll(() => rm(home, { recursive: true }));

it.each(['mini-llama2', 'mini-llama3'])(
	'a race comes to the verdict of measuring everything: %s',
	async (name) => {
		const text = await readFile(join(root, 'static', 'samples', 'time-machine.txt'), 'utf8');
		// Whichever comes second takes its losses from the first; which of them it looks at is its own choice.
		const search = (exhaustive: boolean) =>
			searchPlans(
				{
					modelFolder: join(root, 'models', name),
					documents: [{ name: 'time-machine.txt', text }],
					context: 32,
					windows: 4,
					maxSpan: 3,
					protectedLayers: PROTECTED,
					goal: { kind: 'followers', followers: 2 },
					repair: false,
					recall: false,
					randomPlans: 0,
					shortlist: null,
					exhaustive,
					memoryLimitBytes: null,
					home
				},
				{ onProgress: () => undefined }
			);
		const all = (await search(true)).search.report;
		const raced = (await search(false)).search.report;
		expect(raced.verdict.kind).toBe(all.verdict.kind);
		expect(raced.verdict.plan).toBe(all.verdict.plan);
		const sources = ({ plans }: SearchReport) => plans.map((plan) => [plan.name, plan.sources]);
		expect(sources(raced)).toEqual(sources(all));
		const left = raced.race?.rounds.reduce((sum, { dropped }) => sum + dropped, 0);
		expect(left).toBeGreaterThan(0);
	},
	LONG_MS
);
