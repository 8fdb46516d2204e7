import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';
import { openBrowser } from '../../browser/machine.ts';

/** Longest wait for something to be seen, unless a test says otherwise. */
const SEEN_TIMEOUT_MS = 30_000;
/** Wide enough that maps are drawn at their largest cell, whatever the fonts. */
const VIEWPORT = { width: 1440, height: 1000 };

/** `before` is done with the page before it loads anything. */
export type Visit = (
	url: string,
	options?: BrowserContextOptions & { before?: (page: Page) => Promise<void> | void }
) => Promise<Page>;

/** Waits until a page that was just loaded hears clicks: what is clicked before is lost. */
export const hydrated = (page: Page) =>
	page.locator('html[data-hydrated]').waitFor({ state: 'attached' });

/**
 * A browser for the tests of a file; each visit has storage of its own. After each test all visits end, and it
 * fails where a page threw, wrote an error to the console or asked another host for anything. Tests in which
 * requests fail on purpose name what of those errors they expect by `expectProblem`.
 */
export function useVisitor(): { visit: Visit; expectProblem: (pattern: RegExp) => void } {
	let browser: Browser | undefined;
	/** The tab of visits that ask for nothing special, cleared after each: a new one takes three times as long as its page. */
	let tab: { page: Page; isFree: boolean } | null = null;
	let expected: RegExp[] = [];
	const problems: string[] = [];
	/** Origin that each page was led to. */
	const origins = new WeakMap<Page, string>();
	const endings: (() => Promise<void>)[] = [];

	beforeAll(async () => {
		browser = await openBrowser(inject('browser'));
	});
	afterEach(async () => {
		for (const end of endings.splice(0)) await end();
		const found = problems.splice(0);
		const unexpected = found.filter((line) => !expected.some((pattern) => pattern.test(line)));
		expected = [];
		expect(unexpected, 'what the pages complained about').toEqual([]);
	});
	afterAll(() => browser?.close());

	async function newPage(options: BrowserContextOptions): Promise<Page> {
		if (!browser) throw new Error('a visit is made inside a test');
		const context = await browser.newContext({ viewport: VIEWPORT, ...options });
		context.setDefaultTimeout(SEEN_TIMEOUT_MS);
		context.setDefaultNavigationTimeout(SEEN_TIMEOUT_MS);
		const page = await context.newPage();
		page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
		page.on('console', (message) => {
			if (message.type() !== 'error') return;
			problems.push(`console: ${message.text()} ${message.location().url}`.trim());
		});
		page.on('request', (request) => {
			const { protocol, origin } = new URL(request.url());
			if (protocol.startsWith('http') && origin !== origins.get(page)) {
				problems.push(`request to another host: ${request.url()}`);
			}
		});
		return page;
	}

	/** The tab, unless another visit of the test has it. */
	async function plainPage(): Promise<Page> {
		if (tab?.isFree === false) return ownPage({});
		tab ??= { page: await newPage({}), isFree: true };
		tab.isFree = false;
		const { page } = tab;
		endings.push(async () => {
			tab = (await isCleared(page)) ? { page, isFree: true } : null;
			if (tab === null) await page.context().close();
		});
		return page;
	}

	async function ownPage(options: BrowserContextOptions): Promise<Page> {
		const page = await newPage(options);
		endings.push(() => page.context().close());
		return page;
	}

	return {
		async visit(url, { before, ...options } = {}) {
			const isPlain = before === undefined && Object.keys(options).length === 0;
			const page = isPlain ? await plainPage() : await ownPage(options);
			origins.set(page, new URL(url).origin);
			await before?.(page);
			const answer = await page.goto(url);
			if (answer?.ok() && answer.headers()['content-type'].startsWith('text/html')) {
				await hydrated(page);
			}
			return page;
		},
		expectProblem: (pattern) => expected.push(pattern)
	};
}

/** Leaves the page of a visit, and what it stored; false: it crashed or shows no page of the server. */
async function isCleared(page: Page): Promise<boolean> {
	try {
		await page.evaluate(() => {
			localStorage.clear();
			sessionStorage.clear();
		});
		await page.context().clearCookies();
		await page.goto('about:blank');
		return true;
	} catch {
		return false;
	}
}
