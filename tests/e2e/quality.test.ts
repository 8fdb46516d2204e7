import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedWorkspace, type Seeded } from '../builders/seed.ts';
import { startBuild, type RunningServer } from './setup/server.ts';
import { hydrated, useVisitor } from './setup/visitor.ts';
import { temporaryFolder } from './setup/workspace.ts';

const { visit } = useVisitor();
let home: Awaited<ReturnType<typeof temporaryFolder>>;
let server: RunningServer;
let seeded: Seeded[];
beforeAll(async () => {
	home = await temporaryFolder();
	seeded = await seedWorkspace(home.path);
	server = await startBuild(home.path);
});
afterAll(async () => {
	await server.stop();
	await home.remove();
});

/** What of axe-core is used; it is put into the page as a script. */
interface Axe {
	run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
}
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** The rules of WCAG 2.2 AA that a page breaks, each with where. */
async function broken(page: Page): Promise<string[]> {
	await page.addScriptTag({ path: AXE });
	return page.evaluate(async (tags) => {
		const { axe } = window as unknown as { axe: Axe };
		const { violations } = await axe.run({ runOnly: { type: 'tag', values: tags } });
		return violations.flatMap(({ id, nodes }) =>
			nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`)
		);
	}, WCAG);
}

/** Every page and tab, and what is seen once its numbers are there. */
const PAGES: { name: string; path: () => string; seen: (page: Page) => Promise<void> }[] = [
	{
		name: 'the first page',
		path: () => '/',
		seen: (page) => page.getByRole('link', { name: /^Map of mini-llama3/ }).waitFor()
	},
	{
		name: 'a run',
		path: () => `/runs/${seeded[0].run}?cell=2,5`,
		seen: (page) => page.getByRole('grid', { name: /every two layers/ }).waitFor()
	},
	...(['evaluate', 'search', 'tune', 'bench'] as const).map((tab) => ({
		name: `the tab ${tab} of a run`,
		path: () =>
			`/runs/${seeded[0].run}?tab=${tab}&${tab}=${seeded[0][tab === 'evaluate' ? 'evaluation' : tab]}`,
		seen: (page: Page) => page.getByRole('form').first().waitFor()
	})),
	{
		name: 'the results',
		path: () => '/results',
		seen: (page) => page.getByRole('table').first().waitFor()
	},
	{
		name: 'a comparison',
		path: () => `/compare?runs=${seeded.map(({ run }) => run).join(',')}`,
		seen: (page) => page.getByRole('grid').first().waitFor()
	},
	{
		name: 'a model',
		path: () => '/models/mini-llama2',
		seen: (page) => page.getByRole('table', { name: 'layers' }).waitFor()
	}
];

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
	it.each(PAGES)('$name breaks no rule of WCAG 2.2 AA', async ({ path, seen }) => {
		// A button that is just becoming active has colours of neither state.
		const still = { reducedMotion: 'reduce', bypassCSP: true } as const;
		const page = await visit(`${server.url}${path()}`, { colorScheme, ...still });
		await seen(page);
		expect(await broken(page)).toEqual([]);
	});
});

describe('on a screen 390 px wide', () => {
	it.each(PAGES)('$name is not wider than it', async ({ path, seen }) => {
		const page = await visit(`${server.url}${path()}`, { viewport: { width: 390, height: 844 } });
		await seen(page);
		expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
	});
});

/** Most bytes of JavaScript that a page's first load may have, before compression: little more than each has. */
const MOST_BYTES = new Map([
	['the first page', 235_000],
	['a comparison', 275_000],
	['a run', 480_000],
	['the results', 163_000],
	['a model', 170_000]
]);

it.each(PAGES.filter(({ name }) => MOST_BYTES.has(name)))(
	'$name loads no more JavaScript than it may',
	async ({ name, path, seen }) => {
		const page = await (await visit(`${server.url}${path()}`)).context().newPage();
		const sizes: Promise<number>[] = [];
		page.on('response', (response) => {
			if (new URL(response.url()).pathname.endsWith('.js'))
				sizes.push(response.body().then(({ length }) => length));
		});
		await page.goto(`${server.url}${path()}`);
		await hydrated(page);
		await seen(page);
		const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
		expect(bytes).toBeGreaterThan(50_000);
		expect(bytes).toBeLessThanOrEqual(MOST_BYTES.get(name) ?? 0);
	}
);

/** By a browser's own count: the sum, over moments, of the part of the screen that moved times how far it moved. */
const MOST_SHIFT = 0.005;

it.each(PAGES)('$name keeps its place while it loads', async ({ path, seen }) => {
	const page = await (await visit(`${server.url}${path()}`)).context().newPage();
	await page.addInitScript(() => {
		const moved: number[] = [];
		Object.assign(window, { moved });
		new PerformanceObserver((list) => {
			for (const entry of list.getEntries())
				if ('value' in entry && typeof entry.value === 'number') moved.push(entry.value);
		}).observe({ type: 'layout-shift', buffered: true });
	});
	await page.goto(`${server.url}${path()}`);
	await hydrated(page);
	await seen(page);
	await page.waitForFunction(
		() => !/(Loading|Reading|Working out) .*…/.test(document.body.innerText)
	);
	// A shift is told of after the frame in which it was.
	const moved = await page.evaluate(
		() =>
			new Promise<number>((resolve) =>
				requestAnimationFrame(() =>
					requestAnimationFrame(() =>
						resolve(
							(window as unknown as { moved: number[] }).moved.reduce((sum, each) => sum + each, 0)
						)
					)
				)
			)
	);
	expect(moved).toBeLessThanOrEqual(MOST_SHIFT);
});

it('a run on paper is light, has its map, and nothing to press', async () => {
	const page = await visit(`${server.url}/runs/${seeded[0].run}`, { colorScheme: 'dark' });
	await page.getByRole('grid', { name: /every two layers/ }).waitFor();
	await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
	expect(await page.getByRole('button', { name: 'Copy command' }).isVisible()).toBe(false);
	expect(await page.getByRole('grid', { name: /every two layers/ }).isVisible()).toBe(true);
	const panel = page.getByRole('region', { name: 'Plan', exact: true });
	expect(await panel.evaluate((element) => getComputedStyle(element).backgroundColor)).toBe(
		'rgb(255, 255, 255)'
	);
});
