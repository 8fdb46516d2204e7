import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { render } from 'svelte/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoredResult } from '$analysis/measure/results/types.ts';
import type { Search } from '$analysis/measure/search/types.ts';
import { writeTinyCheckpoint } from '../../../../tests/builders/checkpoint.ts';
import { runCommand } from '../../../../tests/builders/command.ts';
import VerdictPanel from './VerdictPanel.svelte';

let folder: string;
let stdout: string;
let stored: StoredResult;
let search: Search;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-tied-'));
	// Attention puts out nothing, so that what is done to it changes no loss.
	await writeTinyCheckpoint(join(folder, 'idle'), {
		config: { num_hidden_layers: 4 },
		tensors: (tensors) =>
			tensors.map((tensor) =>
				tensor.name.endsWith('o_proj.weight')
					? { ...tensor, values: tensor.values.map(() => 0) }
					: tensor
			)
	});
	const lines = Array.from({ length: 60 }, (_, n) => `the sand ${(n * 7919) % 997} and the rain`);
	await writeFile(join(folder, 'text.txt'), lines.join('. '));
	const home = join(folder, 'home');
	const found = await runCommand([
		...['search', join(folder, 'idle'), '--text', join(folder, 'text.txt'), '--followers', '1'],
		...['--context', '32', '--windows', '6', '--random', '0', '--recall', 'off', '--home', home]
	]);
	expect(found).toMatchObject({ code: 0 });
	({ stdout } = found);
	const [id] = await readdir(join(home, 'results'));
	const file = join(home, 'results', id, 'result.json');
	stored = JSON.parse(await readFile(file, 'utf8')) as StoredResult;
	if (stored.result.kind !== 'search') throw new TypeError('no search');
	({ search } = stored.result);
});
afterAll(() => rm(folder, { recursive: true }));

/** The words of a page, without its marks. */
const wordsOf = (html: string) =>
	html
		.replaceAll(/<[^>]*>/g, ' ')
		.replaceAll(/\s+/g, ' ')
		.trim();

const TIED = /Tied on held-out text with (\S+) \(difference 0\.000 \[0\.000, 0\.000\]\)/;

describe('a search whose plans do not differ', () => {
	it('says so in what the command prints: tied with whom, and by how much they differ', () => {
		const tied = TIED.exec(stdout)?.[1];
		const { plans, verdict, ties = [] } = search.report;
		expect(plans.map(({ report }) => report.loss)).toEqual(plans.map(() => 0));
		expect(ties.map(({ plan }) => plan)).toContain(tied);
		expect(tied).not.toBe(verdict.plan);
		expect(stdout).toContain('the best two are tied for KV cache');
		expect(stdout).not.toMatch(/adds least for|better|costs less|clearly|more windows/i);
	});

	it('says the same on the page', () => {
		const { body } = render(VerdictPanel, {
			props: { stored, search, caption: 'On text', onclose: () => undefined }
		});
		const words = wordsOf(body);
		expect(TIED.exec(words)?.[1]).toBe(TIED.exec(stdout)?.[1]);
		expect(words).toContain('the best two are tied for KV cache');
		// All that the command says first.
		const [sentence] = stdout.split('\n');
		// The sign that explains the verdict stands between.
		expect(words.replace(' ? ', ' ').replaceAll('  ', ' ')).toContain(sentence);
	});
});
