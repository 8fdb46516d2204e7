import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedWorkspace } from '../builders/seed.ts';
import { canvasOf, cellColours } from './setup/canvas.ts';
import { startBuild, type RunningServer } from './setup/server.ts';
import { useVisitor } from './setup/visitor.ts';
import { MADE_UP, temporaryFolder, writeMadeUpRun, writeUnequalRuns } from './setup/workspace.ts';

const { visit } = useVisitor();
const A = 'mini-llama2';
const B = 'mini-llama3';
let home: Awaited<ReturnType<typeof temporaryFolder>>;
let server: RunningServer;
/** Ids of the runs of A and B, on the same windows of the same text. */
let ids: string[];
/** Ids of three made-up runs, of which the first differs from both others in the same place. */
let unequal: string[];
beforeAll(async () => {
	home = await temporaryFolder();
	await writeMadeUpRun(home.path);
	unequal = await writeUnequalRuns(home.path);
	ids = (await seedWorkspace(home.path, [A, B], [])).map(({ run }) => run);
	server = await startBuild(home.path);
});
afterAll(async () => {
	await server.stop();
	await home.remove();
});

const compare = (...runs: string[]) => visit(`${server.url}/compare?runs=${runs.join(',')}`);
const mapOf = (page: Page, name: string) =>
	page.getByRole('grid', { name: new RegExp(`every two layers of ${name}`) });
const difference = (page: Page) => page.getByRole('grid', { name: /^Difference of cosine/ });
const region = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

describe('a comparison', () => {
	it('is reached from the table of runs', async () => {
		const page = await visit(server.url);
		for (const name of [A, B]) {
			await page.getByRole('checkbox', { name: new RegExp(`Select ${name}`) }).check();
		}
		await page.getByRole('link', { name: 'Compare 2' }).press('Enter');
		for (const name of [A, B]) await mapOf(page, name).waitFor();
		await difference(page).waitFor();
	});
	it('says in words and numbers what the same windows show', async () => {
		const page = await compare(...ids);
		const summary = region(page, 'Findings');
		await summary.waitFor();
		await summary.getByText(/more findings/).click();
		await expect.poll(() => summary.getByRole('listitem').count()).toBeGreaterThan(0);
		await summary.getByRole('columnheader', { name: `${A} − ${B}` }).waitFor();
		const paired = summary
			.getByRole('row', { name: /^mean of all pairs/ })
			.getByRole('cell')
			.nth(2);
		await expect.poll(() => paired.textContent()).toMatch(/-?−?0\.\d+\s*\[.*, .*\]/);
	});
	it('lists what differs and only that', async () => {
		const page = await compare(...ids);
		const table = page.getByRole('table', { name: 'what differs' });
		await table.getByRole('row', { name: /KV heads 6 2/ }).waitFor();
		expect(await table.getByRole('row', { name: / layers 16/ }).count()).toBe(0);
	});
	it('links its maps: a cell under the keys in one is pointed at in the others', async () => {
		const page = await compare(...ids);
		await mapOf(page, A).focus();
		for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight']) await page.keyboard.press(key);
		for (const map of [mapOf(page, A), mapOf(page, B), difference(page)]) {
			await map.getByRole('gridcell', { name: /layer 1, layer 1/ }).waitFor();
		}
	});
	it('draws its maps under one scale: alike layers have one colour in both', async () => {
		const page = await compare(...ids);
		const diagonals = [A, B].map(async (name) => {
			await mapOf(page, name).waitFor();
			const colours = cellColours(await canvasOf(mapOf(page, name)), 16, 16);
			return colours.map((row, layer) => String(row[layer]));
		});
		expect(new Set((await Promise.all(diagonals)).flat()).size).toBe(1);
	});
	it('of runs with other numbers of layers is drawn along relative depth', async () => {
		const page = await compare(ids[0], MADE_UP.id);
		await mapOf(page, MADE_UP.name).waitFor();
		await region(page, 'Difference')
			.getByText('16 and 8 layers: both maps were resampled')
			.waitFor();
		await expect.poll(() => region(page, 'Findings').getByText('not paired').count()).toBe(3);
	});
	it('of three unequal models names both models in every sentence', async () => {
		const page = await compare(...unequal);
		const summary = region(page, 'Findings');
		await summary
			.getByText(/^The largest difference: layers \d+ and \d+ attend more alike/)
			.waitFor();
		await summary.getByText(/more findings/).click();
		const sentences = summary.getByRole('listitem');
		await sentences.filter({ hasText: 'Adjacent layers of steep' }).first().waitFor();
		const texts = await sentences.filter({ hasText: 'Adjacent layers of steep' }).allTextContents();
		expect(texts.map((text) => text.split(' at ')[0])).toEqual([
			'Adjacent layers of steep are more similar than those of level',
			'Adjacent layers of steep are more similar than those of deep'
		]);
		await mapOf(page, 'deep').waitFor();
	});
	it('of a run that is gone says so and leads back', async () => {
		const page = await compare(ids[0], 'gone-20260101-000000-abcd');
		await page.getByRole('alert').waitFor();
		await page.getByRole('main').getByRole('link', { name: /runs/ }).first().waitFor();
	});
});
