import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeResult } from '../../analysis/measure/results/folder.ts';
import { madeUpBench } from '../builders/benchReport.ts';
import { madeUpBenchResult, madeUpPlan } from '../builders/results.ts';
import { seedWorkspace } from '../builders/seed.ts';
import { startBuild, type RunningServer } from './setup/server.ts';
import { hydrated, useVisitor } from './setup/visitor.ts';
import { temporaryFolder } from './setup/workspace.ts';

const { visit } = useVisitor();
/** Two models are written, checked, and run in turn. */
const MEASURE_TIMEOUT_MS = 300_000;
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
const form = (page: Page) => page.getByRole('form', { name: 'Measure the deployment' });
const field = (page: Page, name: string) => form(page).getByLabel(name, { exact: true });
const measure = (page: Page) => form(page).getByRole('button', { name: 'Measure', exact: true });

describe('what deployment gains', () => {
	it(
		'is measured for the plan on the screen, said in words, and kept',
		{ timeout: MEASURE_TIMEOUT_MS },
		async () => {
			const page = await visit(`${run}?tab=bench&spans=4-6&drop=9`);
			await region(page, 'What deployment gains').waitFor();
			await page.getByText('No plan has been measured as a deployed model yet').waitFor();
			await form(page).getByText('5–6←4; dropped: 9').waitFor();
			await field(page, 'Prompt').fill('32');
			await field(page, 'Generate').fill('4');
			await field(page, 'Rounds').fill('2');
			await measure(page).click();

			const result = region(page, 'Deployment');
			await result.waitFor({ timeout: MEASURE_TIMEOUT_MS });
			await result
				.getByText(/First token: too few rounds to tell, decoding: too .*, cache 12\.5% smaller\.$/)
				.waitFor();
			await result.getByText('prompt 32, 4 generated, batch 1, 2 rounds').waitFor();
			await result.getByText('2 followers, 1 dropped').waitFor();
			await result
				.getByText(/^It costs \S+ \[.*\] nats\/token on text and \S+ \[.*\] on recall/)
				.waitFor();
			for (const name of ['loss on text', 'recall']) {
				const cells = result.getByRole('row', { name }).getByRole('cell');
				await expect.poll(() => cells.nth(2).innerText()).toMatch(/^[+−]\d\.\d{3} \[.*\]$/);
			}
			for (const name of ['time to first token', 'decode, tokens/s']) {
				const row = result.getByRole('row', { name: new RegExp(`^${name}`) });
				await row
					.getByRole('img', {
						name: /(×\d\.\d{3}|no clear difference) \d\.\d{3}–\d\.\d{3}; better: (sooner|faster)$/
					})
					.waitFor();
			}
			const cache = result.getByRole('row', { name: /^cache per token memory, counted/ });
			await expect
				.poll(() => cache.getByRole('cell').allTextContents())
				.toEqual([
					expect.stringContaining('24.6 kB'),
					expect.stringContaining('21.5 kB'),
					expect.stringContaining('×0.875'),
					'−12.5% bytes'
				]);
			await result
				.getByText(
					/^spanwise bench \S*mini-llama2 --text static\/samples\/walden\.txt .*--plan mini-llama2_plan\.json --prompt 32 --generate 4/
				)
				.waitFor();
			await region(page, 'How the deployment ran').waitFor();

			const url = page.url();
			expect(url).toMatch(/bench=/);
			const id = new URL(url).searchParams.get('bench') ?? '';
			const stored: unknown = await (await fetch(`${server.url}/api/results/${id}`)).json();
			const cost = { text: { windows: 8 }, recall: { windows: 8 }, context: 512 };
			expect(stored).toMatchObject({ result: { bench: { cost } } });
			await page.reload();
			await hydrated(page);
			await region(page, 'Deployment').waitFor();
			expect(page.url()).toBe(url);
		}
	);

	it('is saved as a figure and as numbers', async () => {
		const page = await visit(`${run}?tab=bench`);
		const past = region(page, /^Deployments of/);
		await past.getByRole('row', { name: /5–6←4; dropped: 9/ }).click();
		const result = region(page, 'Deployment');
		await result.getByRole('button', { name: 'Save Deployment' }).click();
		const dialog = page.getByRole('dialog');
		for (const [item, name] of [
			['SVG', 'mini-llama2_deployment.svg'],
			['CSV', 'mini-llama2_deployment.csv']
		]) {
			const downloading = page.waitForEvent('download');
			await dialog.getByRole('button', { name: new RegExp(`^${item}`) }).click();
			expect((await downloading).suggestedFilename()).toBe(name);
		}
	});

	it('says where the plan was made for other weights, and what was written otherwise', async () => {
		const [warning, note] = ['The plan was made for another.', 'layer 1: kept whole'];
		const bench = { ...madeUpBench(), warning, notes: [note] };
		const result = { kind: 'bench', plan: madeUpPlan(), bench } as const;
		const { id } = await writeResult(home.path, { ...madeUpBenchResult(), result });
		const page = await visit(`${run}?tab=bench&bench=${id}`);
		const shown = region(page, 'Deployment');
		await shown.getByText(warning).waitFor();
		await shown.getByText(note).waitFor();
	});

	it('stands among those of the model until it is deleted, after a question', async () => {
		const page = await visit(`${run}?tab=bench`);
		const row = region(page, /^Deployments of/).getByRole('row', { name: /5–6←4; dropped: 9/ });
		await row.click();
		await region(page, 'Deployment').waitFor();
		await row.getByRole('button', { name: /^Delete/ }).click();
		const dialog = page.getByRole('dialog', { name: 'Delete this measurement?' });
		await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
		await page.getByText('No plan has been measured as a deployed model yet').waitFor();
		await expect.poll(() => page.url()).not.toMatch(/bench=/);
	});
});

describe('a deployment that cannot be measured', () => {
	it('of a plan that changes nothing is not asked for', async () => {
		const page = await visit(`${run}?tab=bench&spans=`);
		await form(page).getByText('This plan changes nothing').waitFor();
		expect(await measure(page).isDisabled()).toBe(true);
	});

	it('for want of memory is refused before it is sent, in the words of the server', async () => {
		const page = await visit(`${run}?tab=bench&spans=4-6`);
		const estimate = form(page).getByRole('region', { name: 'Estimate' });
		await estimate.getByRole('row', { name: /^mini-llama2 .*B .* [\d,]+$/ }).waitFor();
		await field(page, 'Batch').fill('100000');
		await estimate.getByText(/^memory: .*a smaller batch/).waitFor();
		expect(await measure(page).isDisabled()).toBe(true);
	});

	it('of more tokens than the model has positions is not sent', async () => {
		const page = await visit(`${run}?tab=bench&spans=4-6`);
		await field(page, 'Prompt').fill('1020');
		await field(page, 'Generate').fill('5');
		const fits = () =>
			field(page, 'Generate').evaluate((input: HTMLInputElement) => input.checkValidity());
		expect(await fits()).toBe(false);
		await field(page, 'Generate').fill('4');
		await expect.poll(fits).toBe(true);
	});
});
