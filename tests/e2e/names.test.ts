import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedWorkspace, type Seeded } from '../builders/seed.ts';
import { startBuild, type RunningServer } from './setup/server.ts';
import { useVisitor } from './setup/visitor.ts';
import { temporaryFolder } from './setup/workspace.ts';

const { visit, expectProblem } = useVisitor();
let home: Awaited<ReturnType<typeof temporaryFolder>>;
let server: RunningServer;
let seeded: Seeded[];
beforeAll(async () => {
	home = await temporaryFolder();
	seeded = await seedWorkspace(home.path, ['mini-llama2', 'mini-llama3'], ['damage', 'evaluation']);
	server = await startBuild(home.path);
});
afterAll(async () => {
	await server.stop();
	await home.remove();
});

const palette = (page: Page) => page.getByRole('dialog', { name: 'Commands' });
const option = (page: Page, name: string | RegExp) => palette(page).getByRole('option', { name });
/** The command under the cursor of the palette. */
const current = (page: Page) =>
	palette(page).locator('[role=option][aria-selected=true]').textContent();

async function openPalette(page: Page, text: string): Promise<void> {
	// While the last one is closing, the keys that open it are not heard.
	await palette(page).waitFor({ state: 'detached' });
	await page.keyboard.press('Control+k');
	await palette(page).getByRole('combobox').waitFor();
	await page.keyboard.type(text);
}

describe('a run is named, tagged, pinned and found again', () => {
	it('by the keyboard alone, and the palette leads to it', async () => {
		const [, other] = seeded;
		const page = await visit(`${server.url}/runs/${other.run}`);
		await openPalette(page, 'annotate');
		await expect.poll(() => current(page)).toContain('Name, tag or annotate this run');
		await page.keyboard.press('Enter');
		await page.getByRole('textbox', { name: 'Name' }).waitFor();
		await page.keyboard.type('first try');
		await page.keyboard.press('Tab');
		await page.keyboard.type('Paper draft');
		await page.keyboard.press('Enter');
		await page.getByRole('status').getByText('Named “first try”. Tagged draft, paper.').waitFor();
		await page.locator('main').getByText('first try').waitFor();
		expect(
			JSON.parse(await readFile(join(home.path, 'labels', 'runs', `${other.run}.json`), 'utf8'))
		).toMatchObject({ name: 'first try', tags: ['draft', 'paper'], pinned: false });

		await openPalette(page, 'pin this');
		await expect.poll(() => current(page)).toContain('Pin this run');
		await page.keyboard.press('Enter');
		await page.getByRole('status').getByText('Pinned.', { exact: true }).waitFor();

		await openPalette(page, 'go runs');
		await expect.poll(() => current(page)).toContain('Go to Runs');
		await page.keyboard.press('Enter');
		const table = page.getByRole('region', { name: 'Runs', exact: true });
		const rows = table.locator('tbody tr');
		await expect.poll(() => rows.first().textContent()).toContain('first try');
		await table.getByRole('searchbox', { name: 'Search runs' }).fill('tag:paper model:llama3');
		await table.getByText('1 of 2').waitFor();
		await table.getByRole('searchbox').fill('colour:red');
		await table.getByRole('alert').getByText('expected a column').waitFor();
		await table.getByRole('searchbox').fill('tag:absent');
		await table.getByText('No run is found.').waitFor();

		await openPalette(page, 'first try');
		await expect.poll(() => current(page)).toContain(other.run);
		await page.keyboard.press('Enter');
		await page.waitForURL(`**/runs/${other.run}`);
	});

	it('and a change is taken back from the message that tells of it', async () => {
		const [first] = seeded;
		const page = await visit(`${server.url}/runs/${first.run}`);
		await page.getByRole('button', { name: 'Pin mini-llama2' }).click();
		await page.getByRole('button', { name: 'Pin mini-llama2', pressed: true }).waitFor();
		await page.getByRole('button', { name: 'Undo' }).click();
		await page.getByText('Label change undone.').waitFor();
		await page.getByRole('button', { name: 'Pin mini-llama2', pressed: false }).waitFor();
	});

	it('and two tabs do not take anything from each other', async () => {
		expectProblem(/409/);
		const [first] = seeded;
		const tabs = [
			await visit(`${server.url}/runs/${first.run}`),
			await visit(`${server.url}/runs/${first.run}`)
		];
		const form = (tab: Page) => tab.getByRole('form', { name: 'Label of mini-llama2' });
		for (const tab of tabs) await tab.getByRole('button', { name: 'Name, tag, note …' }).click();
		await form(tabs[0]).getByRole('textbox', { name: 'Note' }).fill('a note');
		await form(tabs[0]).getByRole('button', { name: 'Save label' }).click();
		await tabs[0].getByText('Note saved.').waitFor();
		await form(tabs[1]).getByRole('textbox', { name: 'Name' }).fill('mine');
		await form(tabs[1]).getByRole('button', { name: 'Save label' }).click();
		await tabs[1].locator('main').getByText('a note').waitFor();
		await tabs[1].locator('main').getByText('mine', { exact: true }).waitFor();

		await tabs[0].getByRole('button', { name: 'Edit label' }).click();
		await form(tabs[0]).getByRole('textbox', { name: 'Name' }).fill('theirs');
		await form(tabs[0]).getByRole('textbox', { name: 'Tags' }).fill('draft');
		await form(tabs[0]).getByRole('button', { name: 'Save label' }).click();
		await form(tabs[0]).getByRole('alert').getByText('name “mine”').waitFor();
		await form(tabs[0]).getByRole('button', { name: 'Keep theirs' }).click();
		await tabs[0].locator('main').getByText('mine', { exact: true }).waitFor();
		await tabs[0].locator('main').getByText('draft', { exact: true }).waitFor();
	});
});

describe('the palette', () => {
	it('opens a pair of layers, a metric, a tab, and gives the focus back', async () => {
		const page = await visit(`${server.url}/runs/${seeded[0].run}`);
		const link = page.getByRole('link', { name: 'Results' });
		await link.focus();
		await openPalette(page, '3 7');
		await expect.poll(() => current(page)).toContain('Layers 3 and 7');
		await page.keyboard.press('ArrowDown');
		await expect.poll(() => current(page)).toContain('Make span 3–7');
		await page.keyboard.press('ArrowUp');
		await page.keyboard.press('Enter');
		await palette(page).waitFor({ state: 'detached' });
		await page.waitForURL(/cell=3,7/);
		await openPalette(page, 'layer 99');
		await expect.poll(() => current(page)).toContain('layers 0 to 15');
		await page.keyboard.press('Enter');
		await palette(page).waitFor();
		await page.keyboard.press('Escape');
		await palette(page).waitFor({ state: 'detached' });
		await expect
			.poll(() => page.evaluate(() => document.activeElement?.textContent))
			.toBe('Results');
		await openPalette(page, 'metric hell');
		await expect.poll(() => current(page)).toContain('Metric: hellinger');
		await page.keyboard.press('Enter');
		await page.waitForURL(/m=hellinger/);
		await openPalette(page, 'tab search');
		await page.keyboard.press('Enter');
		await page.waitForURL(/tab=search/);
	});
	it('saves what is seen, changes the theme, and explains a word', async () => {
		const page = await visit(`${server.url}/runs/${seeded[0].run}`);
		await page.getByRole('grid', { name: /every two layers/ }).waitFor();
		await openPalette(page, 'save layer by layer');
		await expect.poll(() => current(page)).toContain('Save: Layer by layer');
		await page.keyboard.press('Enter');
		const figure = page.getByRole('dialog', { name: 'Save: Layer by layer' });
		await figure.waitFor();
		await page.keyboard.press('Escape');
		await openPalette(page, 'theme dark');
		await page.keyboard.press('Enter');
		await page.locator('html[data-theme=dark]').waitFor({ state: 'attached' });
		await openPalette(page, 'excess');
		await option(page, /^excess/)
			.first()
			.click();
		await palette(page).getByRole('note').getByText('(similarity − null) / (1 − null)').waitFor();
	});
	it('is opened by its button, and finds runs that share a tag', async () => {
		const page = await visit(server.url, { viewport: { width: 390, height: 844 } });
		for (const { run } of seeded) {
			const was = { name: '', note: '', tags: [], pinned: false };
			await page.request.put(`${server.url}/api/labels/runs/${run}`, {
				data: { was, next: { ...was, tags: ['both'] } }
			});
		}
		await page.reload();
		await page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
		await page.getByRole('button', { name: 'Search commands' }).click();
		await palette(page).getByRole('combobox').fill('tagged both');
		await option(page, /Compare the runs tagged both/).click();
		await page.waitForURL(/\/compare\?runs=/);
		const notes = page.getByRole('list', { name: 'Names and notes of the runs' });
		await notes.getByText('both', { exact: true }).first().waitFor();
		await expect.poll(() => notes.getByText('both', { exact: true }).count()).toBe(2);
	});
});

/** Part of axe-core that is used; it is put into the page as a script. */
interface Axe {
	run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
}

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
	it('palette and label form break no rule of WCAG 2.2 AA', async () => {
		const still = { reducedMotion: 'reduce', bypassCSP: true } as const;
		const page = await visit(`${server.url}/runs/${seeded[0].run}`, { colorScheme, ...still });
		const broken = async () => {
			await page.addScriptTag({
				path: createRequire(import.meta.url).resolve('axe-core/axe.min.js')
			});
			return page.evaluate(async () => {
				const { axe } = window as unknown as { axe: Axe };
				const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
				const { violations } = await axe.run({ runOnly: { type: 'tag', values: tags } });
				return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 160)}`);
			});
		};
		await page.getByRole('button', { name: /^Edit label|^Name, tag/ }).click();
		await page.getByRole('form', { name: 'Label of mini-llama2' }).waitFor();
		expect(await broken()).toEqual([]);
		await openPalette(page, 'co');
		await option(page, /Metric: cosine-matched/).waitFor();
		expect(await broken()).toEqual([]);
		await palette(page).getByRole('combobox').fill('no such thing');
		await palette(page).getByText('Nothing is called so.').waitFor();
		expect(await broken()).toEqual([]);
	});
});

describe('a measurement in the list of results', () => {
	it('leads to its tab on the newest run of its model', async () => {
		const [{ run }] = seeded;
		const page = await visit(`${server.url}/results`);
		await page.getByRole('link', { name: 'mini-llama2-evaluation', exact: true }).click();
		await page.waitForURL(`**/runs/${run}?**`);
		expect(new URL(page.url()).searchParams.get('evaluate')).toBe('mini-llama2-evaluation');
		await page.getByRole('region', { name: 'Evaluation', exact: true }).waitFor();
	});
	it('that is not there any more is named', async () => {
		expectProblem(/404/);
		const page = await visit(`${server.url}/results/gone`);
		await page.getByText('result gone: not known; it may have been deleted').waitFor();
	});
});
