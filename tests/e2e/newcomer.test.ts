import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startServe, type RunningServer } from './setup/server.ts';
import { useVisitor } from './setup/visitor.ts';
import { temporaryFolder } from './setup/workspace.ts';

const { visit } = useVisitor();
let home: Awaited<ReturnType<typeof temporaryFolder>>;
let server: RunningServer;
beforeAll(async () => {
	home = await temporaryFolder();
	server = await startServe(home.path);
});
afterAll(async () => {
	await server.stop();
	await home.remove();
});

/** Two analyses and an evaluation, or a search, on a slow machine that does other work too. */
const MEASURED_TIMEOUT_MS = 400_000;
/** All of the journey, on such a machine. */
const TEST_TIMEOUT_MS = 900_000;
/** More stops than any page has: a trap would never come to an end. */
const MOST_TABS = 250;

/** Returns the name of the focused element, "" for none. Fails if the focus cannot be seen. */
async function focused(page: Page): Promise<string> {
	const { name, seen } = await page.evaluate(() => {
		const active = document.activeElement;
		// A point of a chart is drawn with a ring by the chart itself.
		if (!(active instanceof HTMLElement) || active === document.body)
			return { name: '', seen: true };
		const style = getComputedStyle(active);
		const marked = style.outlineStyle !== 'none' || style.boxShadow !== 'none';
		// A radio button of a segmented control is drawn by what stands around it.
		const within = active.closest('label');
		const around = within === null ? null : getComputedStyle(within).outlineStyle;
		const labels = active instanceof HTMLInputElement ? active.labels : null;
		const label =
			active.getAttribute('aria-label') ?? labels?.[0]?.textContent ?? active.textContent;
		return { name: label.trim(), seen: marked || (around !== null && around !== 'none') };
	});
	expect(seen, `the focus on “${name}” is seen`).toBe(true);
	return name;
}

/** Presses Tab until what is called so has the focus. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
	const passed: string[] = [];
	for (let at = 0; at < MOST_TABS; at++) {
		await page.keyboard.press('Tab');
		const now = await focused(page);
		if (name.test(now)) return;
		passed.push(now);
	}
	throw new Error(`Tab does not come to ${String(name)}; it passed ${passed.join(' | ')}`);
}

async function saved(page: Page): Promise<{ name: string; bytes: Buffer }> {
	const downloading = page.waitForEvent('download', { timeout: MEASURED_TIMEOUT_MS });
	await page.keyboard.press('Enter');
	const download = await downloading;
	return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

it(
	'who knows nothing gets a measured recommendation, its figure and a report, by the keyboard alone',
	async () => {
		const page = await visit(server.url, { viewport: { width: 1280, height: 720 } });
		await page.getByText(/^Spanwise finds the layers of a language model/).waitFor();
		const lead = page.getByRole('link', { name: 'Find the plan that costs least' });
		await lead.waitFor({ timeout: MEASURED_TIMEOUT_MS });
		await tabTo(page, /^Find the plan that costs least/);
		await page.keyboard.press('Enter');
		await page.waitForURL(/tab=search/);

		// A smaller search than the one that is offered, for the test's sake.
		await tabTo(page, /^Context/);
		await page.keyboard.press('Control+a');
		await page.keyboard.type('64');
		await tabTo(page, /^Windows of each part/);
		await page.keyboard.press('Control+a');
		await page.keyboard.type('2');
		await tabTo(page, /^on probes of/);
		await page.keyboard.press('Control+a');
		await page.keyboard.type('64');
		await tabTo(page, /^Search$/);
		await page.keyboard.press('Enter');
		const verdict = page.getByRole('region', { name: 'Verdict' });
		await verdict
			.getByText(/nats\/token/)
			.first()
			.waitFor({ timeout: MEASURED_TIMEOUT_MS });

		await tabTo(page, /^Save Savings vs\. loss/);
		await page.keyboard.press('Enter');
		await page.getByRole('dialog', { name: 'Save: Savings vs. loss' }).waitFor();
		await tabTo(page, /^PDF/);
		const figure = await saved(page);
		expect(figure.name).toMatch(/\.pdf$/);
		expect(figure.bytes.subarray(0, 5).toString()).toBe('%PDF-');
		await page.keyboard.press('Escape');

		await tabTo(page, /^Hand over/);
		await page.keyboard.press('Enter');
		await expect.poll(() => focused(page)).toMatch(/^Save report/);
		const report = await saved(page);
		expect(report.name).toMatch(/^mini-llama2-.*\.html$/);
		expect(report.bytes.toString()).toContain('That saves');
	},
	TEST_TIMEOUT_MS
);
