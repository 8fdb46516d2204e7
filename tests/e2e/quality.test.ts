import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedWorkspace, type Seeded } from '../builders/seed.ts';
import { startBuild, type RunningServer } from './setup/server.ts';
import { useVisitor } from './setup/visitor.ts';
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

/** Part of axe-core that is used; it is put into the page as a script. */
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

const WIDE = { width: 1440, height: 1000 };
const NARROW = { width: 390, height: 844 };

describe.each(PAGES)('$name', ({ name, path, seen }) => {
	it('loads no more than it may, keeps its place, fits 390 px, and breaks no rule of WCAG 2.2 AA in light or dark', async () => {
		const sizes: Promise<number>[] = [];
		const page = await visit(`${server.url}${path()}`, {
			// A button that is just becoming active has colours of neither state.
			...{ colorScheme: 'light', reducedMotion: 'reduce', bypassCSP: true },
			before: async (blank) => {
				blank.on('response', (response) => {
					if (new URL(response.url()).pathname.endsWith('.js'))
						sizes.push(response.body().then(({ length }) => length));
				});
				await blank.addInitScript(collectShifts);
			}
		});
		await seen(page);
		const most = MOST_BYTES.get(name);
		if (most !== undefined) {
			const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
			expect(bytes).toBeGreaterThan(50_000);
			expect(bytes).toBeLessThanOrEqual(most);
		}
		await page.waitForFunction(
			() => !/(Loading|Reading|Working out) .*…/.test(document.body.innerText)
		);
		expect(await shiftOf(page)).toBeLessThanOrEqual(MOST_SHIFT);

		expect(await broken(page), 'in light').toEqual([]);
		await page.emulateMedia({ colorScheme: 'dark' });
		await page.setViewportSize(NARROW);
		await expect
			.poll(() => page.evaluate(() => document.documentElement.scrollWidth))
			.toBe(NARROW.width);
		await page.setViewportSize(WIDE);
		expect(await broken(page), 'in dark').toEqual([]);
	});
});

it.each(['evaluate', 'search', 'tune'])(
	'what the tab %s has measured is seen whole on a screen of 1024 px',
	async (tab) => {
		const page = await visit(`${server.url}/runs/${seeded[0].run}?tab=${tab}`, {
			viewport: { width: 1024, height: 800 }
		});
		const table = page.getByRole('table').filter({ hasText: 'Date' });
		await table.getByRole('button', { name: /^Delete/ }).waitFor();
		const [wide, available] = await table.evaluate((element) => [
			element.scrollWidth,
			element.parentElement?.clientWidth
		]);
		expect(wide).toBeLessThanOrEqual(available ?? 0);
	}
);

it('a deployment is seen whole on a screen of 1024 px', async () => {
	const { run, bench } = seeded[0];
	const page = await visit(`${server.url}/runs/${run}?tab=bench&bench=${bench}`, {
		viewport: { width: 1024, height: 800 }
	});
	const table = page.getByRole('table', { name: 'Baseline and planned model, side by side' });
	await table.waitFor();
	const [wide, available] = await table.evaluate((element) => [
		element.scrollWidth,
		element.parentElement?.clientWidth
	]);
	expect(wide).toBeLessThanOrEqual(available ?? 0);
});

/** Most bytes of JavaScript that a page's first load may have, before compression: little more than each has. */
const MOST_BYTES = new Map([
	['the first page', 235_000],
	['a comparison', 285_000],
	['a run', 480_000],
	['the results', 163_000],
	['a model', 170_000]
]);

/** By a browser's own count: the sum, over moments, of the part of the screen that moved times how far it moved. */
const MOST_SHIFT = 0.005;

/** Runs in the page before all else: keeps what moves. */
function collectShifts(): void {
	const moved: number[] = [];
	Object.assign(window, { moved });
	new PerformanceObserver((list) => {
		for (const entry of list.getEntries())
			if ('value' in entry && typeof entry.value === 'number') moved.push(entry.value);
	}).observe({ type: 'layout-shift', buffered: true });
}

/** Sums the layout shifts so far. Waits two frames first: a shift is reported after its frame. */
function shiftOf(page: Page): Promise<number> {
	return page.evaluate(
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
}

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
