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
	let expected: RegExp[] = [];
	const problems: string[] = [];
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

	return {
		async visit(url, { before, ...options } = {}) {
			if (!browser) throw new Error('a visit is made inside a test');
			const context = await browser.newContext({ viewport: VIEWPORT, ...options });
			context.setDefaultTimeout(SEEN_TIMEOUT_MS);
			context.setDefaultNavigationTimeout(SEEN_TIMEOUT_MS);
			endings.push(() => context.close());
			const page = await context.newPage();
			page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
			page.on('console', (message) => {
				if (message.type() !== 'error') return;
				problems.push(`console: ${message.text()} ${message.location().url}`.trim());
			});
			page.on('request', (request) => {
				const { protocol, origin } = new URL(request.url());
				if (protocol.startsWith('http') && origin !== new URL(url).origin) {
					problems.push(`request to another host: ${request.url()}`);
				}
			});
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
