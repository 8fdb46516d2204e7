import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedWorkspace } from '../builders/seed.ts';
import { startBuild, type RunningServer } from './setup/server.ts';
import { hydrated, useVisitor } from './setup/visitor.ts';
import { temporaryFolder } from './setup/workspace.ts';

const { visit } = useVisitor();
/** A search measures every span; the more layers are protected, the fewer there are. */
const SEARCH_TIMEOUT_MS = 120_000;
let home: Awaited<ReturnType<typeof temporaryFolder>>;
let server: RunningServer;
let run: string;
beforeAll(async () => {
	home = await temporaryFolder();
	const [seeded] = await seedWorkspace(home.path, ['mini-llama2'], []);
	server = await startBuild(home.path);
	run = `${server.url}/runs/${seeded.run}`;
});
afterAll(async () => {
	await server.stop();
	await home.remove();
});

const region = (page: Page, name: string | RegExp) =>
	page.getByRole('region', { name, exact: true });
const form = (page: Page, name: string) => page.getByRole('form', { name });
const tab = (page: Page, name: string) => page.getByRole('tab', { name });
const selected = (page: Page) => page.getByRole('tab', { selected: true }).textContent();

describe('the tabs of a run', () => {
	it('follow the arrow keys, keep their place in the address, and keep what was filled in', async () => {
		const page = await visit(`${run}?spans=4-6`);
		await tab(page, 'Map').focus();
		await page.keyboard.press('ArrowRight');
		await expect.poll(() => selected(page)).toContain('Evaluate');
		await expect.poll(() => new URL(page.url()).search).toContain('tab=evaluate');
		await page.getByText('2 followers').waitFor();
		await form(page, 'Evaluate a plan').getByLabel('Windows', { exact: true }).fill('3');
		await page.keyboard.press('Escape');
		await tab(page, 'Search').click();
		await page.getByRole('form', { name: 'Search for a plan' }).waitFor();
		await page.keyboard.press('Home');
		await region(page, 'Layer by layer').waitFor();
		await page.keyboard.press('ArrowRight');
		expect(
			await form(page, 'Evaluate a plan').getByLabel('Windows', { exact: true }).inputValue()
		).toBe('3');
		await page.reload();
		await hydrated(page);
		await expect.poll(() => selected(page)).toContain('Evaluate');
	});
});

describe('an evaluation', () => {
	it('shows both models, the loss increase, a verdict and the tokens, and is kept', async () => {
		const page = await visit(`${run}?tab=evaluate&spans=4-6`);
		await page.getByText('No plan has been evaluated on this model yet').waitFor();
		await form(page, 'Evaluate a plan').getByLabel('Context', { exact: true }).fill('48');
		await form(page, 'Evaluate a plan').getByLabel('Windows', { exact: true }).fill('4');
		await form(page, 'Evaluate a plan')
			.getByRole('region', { name: 'Estimate' })
			.getByRole('row', { name: /^mini-llama2 .*MB .* 192$/ })
			.waitFor();
		await form(page, 'Evaluate a plan').getByLabel('Measure recall too').uncheck();
		// No interval lies above this, and none above 100 %: one gate passes, the other fails.
		await page.getByLabel('Loss may rise by').fill('9');
		await page.getByLabel('Agreement at least').fill('100');
		await page.getByRole('button', { name: 'Evaluate', exact: true }).click();

		const result = region(page, 'Evaluation');
		await result.waitFor();
		for (const name of ['loss', 'perplexity', 'bits per byte']) {
			const row = result.getByRole('row', { name: new RegExp(`^${name} `) });
			const [a, b] = (await row.getByRole('cell').allTextContents()).map(Number);
			expect(a).toBeGreaterThan(0);
			expect(b).toBeGreaterThan(0);
		}
		await result.getByRole('row', { name: /^loss .*\[.*, .*\]/ }).waitFor();
		await result.getByRole('rowgroup').filter({ hasText: 'Saved predicted' }).waitFor();
		await result
			.getByRole('img', { name: /^Loss increase.*\[.*\]; at most \+9\.000; margin/ })
			.waitFor();
		await result.getByRole('status').getByText('fail', { exact: true }).waitFor();

		const tokens = page.getByRole('listbox', { name: /^Tokens of window/ });
		await expect.poll(() => tokens.getByRole('option').count()).toBe(47);
		await tokens.focus();
		await page.keyboard.press('ArrowRight');
		await page.getByText(/A \d+\.\d+, B \d+\.\d+ nats, [+−]?\d+\.\d+/).waitFor();

		const url = page.url();
		expect(url).toMatch(/evaluate=/);
		await page.reload();
		await hydrated(page);
		await region(page, 'Evaluation').waitFor();
		expect(page.url()).toBe(url);
		await region(page, 'Evaluation').getByRole('button', { name: 'Open it on the map' }).click();
		await region(page, 'Plan').getByText('2 of 16 layers').waitFor();
		const found = region(page, 'Plan').getByRole('region', { name: 'Evaluations of this plan' });
		await found.getByText('4 × 48 tokens').waitFor();
		await region(page, 'Plan')
			.getByText(/^measured: .* nats\/token/)
			.waitFor();
		await found.getByRole('link', { name: 'Open' }).click();
		await region(page, 'Evaluation').waitFor();
		// The form takes over what was measured.
		const windows = form(page, 'Evaluate a plan').getByLabel('Windows', { exact: true });
		await expect.poll(() => windows.inputValue()).toBe('4');
	});

	it('stands in the history until it is deleted, after a question', async () => {
		const page = await visit(`${run}?tab=evaluate`);
		const history = region(page, /^Evaluations of/);
		const row = history.getByRole('row', { name: /5–6←4/ });
		await row.getByText('fail').waitFor();
		await row.click();
		await region(page, 'Evaluation').waitFor();
		await row.getByRole('button', { name: /^Delete/ }).click();
		const dialog = page.getByRole('dialog', { name: 'Delete this evaluation?' });
		await dialog.getByRole('button', { name: 'Keep it' }).click();
		await row.getByRole('button', { name: /^Delete/ }).click();
		await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
		await page.getByText('No plan has been evaluated on this model yet').waitFor();
		await expect.poll(() => page.url()).not.toMatch(/evaluate=/);
		// The keyboard goes on from where the row was.
		const focused = page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
		expect(await focused).toBe('evaluations');
	});

	it('of a file that is no plan is refused before anything runs', async () => {
		const page = await visit(`${run}?tab=evaluate`);
		await page.getByText('File', { exact: true }).first().click();
		await page.getByLabel('a plan.json').setInputFiles({
			name: 'mine.json',
			mimeType: 'application/json',
			buffer: Buffer.from('{"hello": 1}')
		});
		await page.getByRole('alert').getByText('mine.json: not a plan').waitFor();
		expect(await page.getByRole('button', { name: 'Evaluate', exact: true }).isDisabled()).toBe(
			true
		);
	});
});

describe('a search', () => {
	it('ends in a verdict, a front and plans that open', { timeout: SEARCH_TIMEOUT_MS }, async () => {
		const page = await visit(`${run}?tab=search`);
		await form(page, 'Search for a plan').getByLabel('Context', { exact: true }).fill('48');
		await page.getByLabel('Windows of each part').fill('2');
		await page.getByLabel('Longest span').fill('2');
		await page.getByLabel('Protected layers').fill('0,1,2,3,4,5,6,7,8,9,14,15');
		await page.getByLabel('Save as much KV cache as').fill('2');
		await page.getByLabel('Also try training-free repair').uncheck();
		await page.getByRole('button', { name: 'Search', exact: true }).click();
		await region(page, 'Verdict').waitFor({ timeout: SEARCH_TIMEOUT_MS });

		const front = region(page, 'Savings vs. loss');
		const points = front.getByRole('button', { name: /^Front/ });
		await expect.poll(() => points.count()).toBeGreaterThan(1);
		await front.getByLabel('Saved of the', { exact: true }).selectOption('parameters');
		await front.getByText('saved of the parameters (predicted)').waitFor();

		const plans = region(page, 'Plans');
		const row = plans.getByRole('row', { name: /trailing/ });
		await row.getByRole('button', { name: 'Open' }).click();
		await page.getByText('trailing is now the plan on the screen').waitFor();
		const downloading = page.waitForEvent('download');
		await row.getByRole('button', { name: /^Download/ }).click();
		expect((await downloading).suggestedFilename()).toMatch(/trailing_plan\.json$/);
		await page.getByRole('button', { name: 'See it on the map' }).click();
		await region(page, 'Plan')
			.getByText(/of 16 layers/)
			.waitFor();

		await tab(page, 'Search').click();
		await page.reload();
		await hydrated(page);
		await region(page, 'Verdict').waitFor();
		const value = (label: string) =>
			form(page, 'Search for a plan').getByLabel(label, { exact: true }).inputValue();
		await expect.poll(() => value('Context')).toBe('48');
		expect(await value('Windows of each part')).toBe('2');
		expect(await value('Longest span')).toBe('2');
		expect(await value('Protected layers')).toBe('0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 15');
		expect(await value('Save as much KV cache as')).toBe('2');
	});
});
