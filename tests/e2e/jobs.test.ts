import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LONG_ANALYSIS, queue, SHORT_ANALYSIS } from './setup/api.ts';
import { startBuild, type RunningServer } from './setup/server.ts';
import { hydrated, useVisitor } from './setup/visitor.ts';
import { temporaryFolder, writeMadeUpRun } from './setup/workspace.ts';

let home: Awaited<ReturnType<typeof temporaryFolder>>;
let server: RunningServer;
beforeAll(async () => {
	home = await temporaryFolder();
	await writeMadeUpRun(home.path);
	server = await startBuild(home.path);
});
afterAll(async () => {
	await server.stop();
	await home.remove();
});
const { visit, expectProblem } = useVisitor();

/** A short analysis that waited its turn, and the estimate and first windows of a long one, on a machine that may be slow. */
const DONE_TIMEOUT_MS = 60_000;

const form = (page: Page) => page.getByRole('form', { name: 'New analysis' });
const jobs = (page: Page) => page.getByRole('region', { name: 'Jobs' });
const job = (page: Page, state: string) =>
	jobs(page).getByRole('listitem', { name: `Job mini-llama2, ${state}` });
const runs = (page: Page) => page.getByRole('table', { name: 'runs' });

async function fill(page: Page, context: number, windows: number): Promise<void> {
	await form(page)
		.getByRole('spinbutton', { name: /^Context/ })
		.fill(`${context}`);
	await form(page).getByRole('spinbutton', { name: 'Windows' }).fill(`${windows}`);
}

/** Fraction of a job that is done, by its bar. */
async function fractionOf(line: Locator): Promise<number> {
	return line
		.getByRole('progressbar')
		.evaluate((bar) => (bar instanceof HTMLProgressElement ? bar.value : NaN));
}

/** Queues a long job by the form and waits until it is on its way. */
async function startLongJob(page: Page): Promise<void> {
	await form(page)
		.getByRole('checkbox', { name: /Walden/ })
		.check();
	await fill(page, LONG_ANALYSIS.context, LONG_ANALYSIS.windows);
	const slow = { timeout: DONE_TIMEOUT_MS };
	await form(page).getByRole('button', { name: 'Analyse' }).click(slow);
	await expect.poll(() => fractionOf(job(page, 'running')), slow).toBeGreaterThan(0);
}

describe('the form for a new analysis', () => {
	it('reads a pasted text, says what it will take, and leads to the run', async () => {
		const page = await visit(server.url);
		await form(page).getByText('Paste', { exact: true }).click();
		await form(page)
			.getByRole('textbox', { name: 'Text to read' })
			.fill('It was a bright cold day, and the clocks were striking. '.repeat(40));
		await fill(page, 32, 3);
		const estimate = form(page).getByRole('region', { name: 'Estimate' });
		await estimate.getByRole('row', { name: /^mini-llama2 .*MB .*96$/ }).waitFor();
		await form(page).getByRole('button', { name: 'Analyse' }).click();
		await job(page, 'done').waitFor({ timeout: DONE_TIMEOUT_MS });
		await runs(page)
			.getByRole('row', { name: /mini-llama2 \*?\s*pasted text/ })
			.waitFor();
		await job(page, 'done').getByRole('link', { name: 'Open the run' }).press('Enter');
		await page.getByRole('grid', { name: /every two layers of mini-llama2/ }).waitFor();
	});
	it.each([
		['a context longer than the model has positions', 2000, 8, /1024/],
		['a context that is no whole number', 1.5, 8, 'Context must be a whole number']
	])('refuses %s before anything is queued, and says why', async (_, context, windows, reason) => {
		expectProblem(/400|422/);
		const page = await visit(server.url);
		await form(page)
			.getByRole('checkbox', { name: /The Time Machine/ })
			.check();
		await fill(page, context, windows);
		await form(page).getByRole('region', { name: 'Estimate' }).getByText(reason).waitFor();
		expect(await form(page).getByRole('button', { name: 'Analyse' }).isDisabled()).toBe(true);
	});
	it('refuses a file that is not UTF-8, and says where', async () => {
		const page = await visit(server.url);
		await form(page).getByText('File', { exact: true }).click();
		await form(page)
			.getByLabel('Choose files')
			.setInputFiles({
				name: 'latin1.txt',
				mimeType: 'text/plain',
				buffer: Buffer.from('caf\xe9 au lait', 'latin1')
			});
		await form(page)
			.getByRole('alert')
			.getByText(/^latin1\.txt.*UTF-8/)
			.waitFor();
	});
});

describe('a job in mid-run', () => {
	it('goes on through a reload, is seen in a second tab, is cancelled in either, and fails where its worker is killed', async () => {
		const page = await visit(server.url);
		await startLongJob(page);
		const before = await fractionOf(job(page, 'running'));
		await page.reload();
		await hydrated(page);
		await expect.poll(() => fractionOf(job(page, 'running'))).toBeGreaterThan(before);

		const tab = await visit(server.url);
		// A tab that nobody looks at gives its stream up: each is looked at before something is expected of it.
		await tab.bringToFront();
		await job(tab, 'running')
			.getByText(/window \d+ of 96/)
			.waitFor();
		const seen = await fractionOf(job(tab, 'running'));
		await expect.poll(() => fractionOf(job(tab, 'running'))).toBeGreaterThan(seen);

		await job(tab, 'running').getByRole('button', { name: 'Cancel mini-llama2' }).click();
		for (const either of [page, tab]) {
			await either.bringToFront();
			await job(either, 'cancelled').waitFor();
		}
		expect(
			await runs(page)
				.getByRole('row', { name: /mini-llama2 walden/i })
				.count()
		).toBe(0);
		await expect.poll(() => server.workers()).toEqual([]);

		await job(tab, 'cancelled').getByRole('button', { name: 'Run mini-llama2 again' }).click();
		await expect.poll(() => fractionOf(job(tab, 'running'))).toBeGreaterThan(0);
		for (const pid of server.workers()) process.kill(pid, 'SIGKILL');
		await job(tab, 'failed').getByText('the worker was killed (SIGKILL)').waitFor();
	});
	it('whose server is killed is interrupted when it is back, and what waited runs', async () => {
		expectProblem(/net::ERR_|Failed to load resource/);
		const page = await visit(server.url);
		await startLongJob(page);
		await queue(server.url, { ...SHORT_ANALYSIS, models: ['mini-llama3'] });
		const waiting = jobs(page).getByRole('listitem', { name: /^Job mini-llama3/ });
		await waiting.getByText('waiting for its turn').waitFor();

		await server.kill();
		await jobs(page).getByText('The connection to the server broke').waitFor();
		server = await startBuild(home.path, new URL(server.url).port);
		await job(page, 'interrupted')
			.getByText('the server ended while this job was running')
			.waitFor();
		await runs(page)
			.getByRole('row', { name: /mini-llama3/ })
			.waitFor({ timeout: DONE_TIMEOUT_MS });
		expect(await jobs(page).getByText('The connection to the server broke').count()).toBe(0);
	});
});
