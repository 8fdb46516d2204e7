import { readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openBrowser } from '../browser/machine.ts';
import { runCommand } from '../builders/command.ts';
import { seedLabels, seedWorkspace } from '../builders/seed.ts';
import { startBuild, type RunningServer } from './setup/server.ts';
import { useVisitor } from './setup/visitor.ts';
import { temporaryFolder, writeMadeUpRun } from './setup/workspace.ts';

const { visit } = useVisitor();
let home: Awaited<ReturnType<typeof temporaryFolder>>;
let other: Awaited<ReturnType<typeof temporaryFolder>>;
let run: string;
let report: string;
let bundle: string;
beforeAll(async () => {
	[home, other] = await Promise.all([temporaryFolder(), temporaryFolder()]);
	// Not empty, so that its server starts nothing by itself.
	await writeMadeUpRun(other.path);
	const seeded = await seedWorkspace(home.path, ['mini-llama2']);
	await seedLabels(home.path, seeded);
	run = seeded[0].run;
	report = join(home.path, 'report.html');
	bundle = join(home.path, 'run.zip');
	const made = [
		await runCommand(['report', run, '--home', home.path, '--out', report]),
		await runCommand(['bundle', run, '--home', home.path, '--out', bundle])
	];
	expect(made.map(({ code }) => code)).toEqual([0, 0]);
});
afterAll(async () => {
	await home.remove();
	await other.remove();
});

describe('a report that is opened from disk', () => {
	let browser: Browser;
	beforeAll(async () => {
		browser = await openBrowser(inject('browser'));
	});
	afterAll(() => browser.close());

	/** Opens it with no network; what goes wrong on it, and what it asks for beside itself. */
	async function opened(options: object = {}): Promise<{ page: Page; problems: string[] }> {
		const context = await browser.newContext({ offline: true, ...options });
		const page = await context.newPage();
		const problems: string[] = [];
		const address = pathToFileURL(report).href;
		page.on('pageerror', ({ message }) => problems.push(message));
		page.on('console', (said) => {
			if (said.type() === 'error') problems.push(said.text());
		});
		page.on('request', (asked) => {
			if (asked.url() !== address) problems.push(asked.url());
		});
		await page.goto(address);
		return { page, problems };
	}

	it('answers the pointer with pair, value and interval, and switches map, metric and view', async () => {
		const { page, problems } = await opened();
		const board = page.getByRole('application');
		await board.scrollIntoViewIfNeeded();
		const box = await board.locator('canvas').boundingBox();
		if (box === null) throw new Error('no map');
		// The middle of row 3, column 5, of 16.
		const [x, y] = [box.x + (box.width * 5.5) / 16, box.y + (box.height * 3.5) / 16];
		await page.mouse.move(x, y);
		const readout = page.getByRole('status');
		await expect
			.poll(() => readout.innerText())
			.toMatch(/Layers 3 and 5\s+cosine 0\.\d{3} \[0\.\d{3}, 0\.\d{3}\]/);
		await page.locator('select[data-map="metric"]').selectOption('hellinger');
		await expect.poll(() => readout.innerText()).toMatch(/Layers 3 and 5\s+hellinger 0\.\d{3}$/);
		await page.locator('select[data-map="view"]').selectOption('no-sink');
		await page.locator('select[data-map="metric"]').selectOption('cosine');
		await page.locator('select[data-map="show"]').selectOption('excess');
		await expect
			.poll(() => page.locator('[data-map="legend"]').innerText())
			.toBe('excess over null (cosine), view no-sink');
		await page.locator('select[data-map="kind"]').selectOption('damage');
		await expect
			.poll(() => readout.innerText())
			.toMatch(/Layer 5 follows layer 3\s+\+0\.\d{3} \[\+0\.\d{3}, \+0\.\d{3}\] nats\/token/);
		expect(problems).toEqual([]);
		await page.context().close();
	});

	it('is moved over by keys, and its plan, its names and its imported comparison are read', async () => {
		const { page, problems } = await opened();
		await page.getByRole('application').focus();
		for (const key of ['ArrowDown', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
		await expect.poll(() => page.getByRole('status').innerText()).toContain('Layers 0 and 2');
		const plan = page.locator('details.plan').first();
		await expect
			.poll(() => plan.innerText())
			.toMatch(/Drop the attention of layers|Share the attention/);
		await expect.poll(() => plan.getByRole('listitem').count()).toBe(16);
		await expect
			.poll(() => page.getByRole('list', { name: 'Questions' }).innerText())
			.toContain('nats/token');
		for (const words of ['Baseline for the paper', 'The plan of table 3.', 'hellaswag'])
			await expect.poll(() => page.locator('body').innerText()).toContain(words);
		await expect
			.poll(() => page.locator('#commands').innerText())
			.toContain(`spanwise report ${run}`);
		expect(problems).toEqual([]);
		await page.context().close();
	});

	it.each(['light', 'dark'] as const)(
		'in %s breaks no rule of WCAG 2.2 AA, and fits 390 px',
		async (colorScheme) => {
			const { page } = await opened({
				colorScheme,
				bypassCSP: true,
				viewport: { width: 390, height: 844 }
			});
			const width = await page.evaluate(() => document.documentElement.scrollWidth);
			expect(width).toBeLessThanOrEqual(390);
			for (const folded of await page.locator('summary').all()) {
				if (
					(await folded.evaluate((summary) => summary.parentElement?.hasAttribute('open'))) !== true
				)
					await folded.click();
			}
			await page.addScriptTag({
				path: createRequire(import.meta.url).resolve('axe-core/axe.min.js')
			});
			const broken = await page.evaluate(async () => {
				const { axe } = window as unknown as {
					axe: {
						run(
							options: object
						): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
					};
				};
				const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
				const { violations } = await axe.run({ runOnly: { type: 'tag', values: tags } });
				return violations.flatMap(({ id, nodes }) =>
					nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`)
				);
			});
			expect(broken).toEqual([]);
			await page.context().close();
		}
	);
});

describe('a run that is handed over', () => {
	let server: RunningServer;
	let theirs: RunningServer;
	beforeAll(async () => {
		server = await startBuild(home.path);
		theirs = await startBuild(other.path);
	});
	afterAll(async () => {
		await server.stop();
		await theirs.stop();
	});

	it('is saved from its page as a report and as a bundle', async () => {
		const page = await visit(`${server.url}/runs/${run}`);
		await page.getByRole('button', { name: 'Hand over' }).click();
		const [saved] = await Promise.all([
			page.waitForEvent('download'),
			page.getByRole('menuitem', { name: /Save report/ }).click()
		]);
		expect(saved.suggestedFilename()).toBe(`${run}.html`);
		expect(await readFile(await saved.path(), 'utf8')).toMatch(
			/^<!doctype html>[\s\S]*<\/html>\s*$/
		);
		await page.getByRole('button', { name: 'Hand over' }).click();
		const [zip] = await Promise.all([
			page.waitForEvent('download'),
			page.getByRole('menuitem', { name: /Save run bundle/ }).click()
		]);
		expect((await readFile(await zip.path())).subarray(0, 2).toString()).toBe('PK');
	});

	it('is opened on another server by its file, where a link opens the same view', async () => {
		const page = await visit(theirs.url);
		await page.getByLabel('Run bundle').setInputFiles(bundle);
		await page.getByText(/was added/).waitFor();
		expect(page.url()).toContain(`/runs/${run}`);
		const view = `/runs/${run}?m=hellinger&v=no-sink&cell=2,5&plan=`;
		const there = await visit(`${theirs.url}${view}`);
		await there
			.getByRole('grid', { name: /hellinger of the attention of every two layers/ })
			.waitFor();
		await there.getByText('layer 2').first().waitFor();
		const again = await visit(theirs.url);
		await again.getByLabel('Run bundle').setInputFiles(bundle);
		await again.getByText(/is here already with all of its/).waitFor();
	});

	it('is opened by dropping its file anywhere on a page', async () => {
		const page = await visit(`${theirs.url}/results`);
		const bytes = (await readFile(bundle)).toString('base64');
		const data = await page.evaluateHandle((text) => {
			const transfer = new DataTransfer();
			const held = Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0));
			transfer.items.add(new File([held], 'run.zip'));
			return transfer;
		}, bytes);
		for (const type of ['dragover', 'drop'])
			await page.locator('main').dispatchEvent(type, { dataTransfer: data });
		await page.getByText(/was added|is here already/).waitFor();
		await page.waitForURL(`**/runs/${run}**`);
	});

	it('measures nothing where its model is missing, and says what to do', async () => {
		const folder = await temporaryFolder();
		const away = join(folder.path, 'lost-model');
		const record = join(home.path, 'runs', run, 'run.json');
		const text = await readFile(record, 'utf8');
		try {
			await rename(record, `${record}.kept`);
			const run = JSON.parse(text) as { checksum: string; model: object };
			const lost = {
				...run,
				checksum: undefined,
				model: { ...run.model, folder: away, name: 'lost-model' }
			};
			await writeFile(record, JSON.stringify(lost));
			const answer = await fetch(`${server.url}/api/measurements`, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify({
					kind: 'damage',
					run: record.split('/').at(-2),
					texts: [{ sample: 'walden' }]
				})
			});
			expect(answer.status).toBe(400);
			const { message } = (await answer.json()) as { message: string };
			expect(message).toContain('lost-model is not on this machine');
			expect(message).toContain('add the folder of the model under Models');
		} finally {
			await rename(`${record}.kept`, record);
			await folder.remove();
		}
	});

	it('of a file that is no bundle says what it is', async () => {
		const bad = join(home.path, 'bad.zip');
		await writeFile(bad, 'not a zip');
		const answer = await fetch(`${theirs.url}/api/bundles?name=bad.zip`, {
			method: 'POST',
			headers: { 'content-type': 'application/zip' },
			body: await readFile(bad)
		});
		expect(answer.status).toBe(400);
		expect(await answer.json()).toEqual({
			message: 'bad.zip: not a run bundle: expected a .zip file that spanwise bundle wrote'
		});
	});
});
