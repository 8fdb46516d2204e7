import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelsAnswer } from '../../src/lib/client/api.ts';
import { deploy } from '../builders/deployed.ts';
import { queue, SHORT_ANALYSIS, untilJob } from './setup/api.ts';
import { startBuild, type RunningServer } from './setup/server.ts';
import { useVisitor } from './setup/visitor.ts';
import { temporaryFolder, writeMadeUpRun } from './setup/workspace.ts';

/** Two models of the whole vocabulary, on a slow machine. */
const MEASURED_TIMEOUT_MS = 90_000;
const { visit } = useVisitor();
let home: Awaited<ReturnType<typeof temporaryFolder>>;
let server: RunningServer;
let run: string;
beforeAll(async () => {
	home = await temporaryFolder();
	const zoo = join(home.path, 'zoo');
	await deploy('models/mini-llama2', join(zoo, 'exported'));
	const workspace = join(home.path, 'workspace');
	await writeMadeUpRun(workspace);
	server = await startBuild(workspace, undefined, zoo);
	const listed = (await (await fetch(`${server.url}/api/models`)).json()) as ModelsAnswer;
	const model = listed.find(({ folder }) => folder.endsWith('.onnx'));
	const [job] = await queue(server.url, { ...SHORT_ANALYSIS, models: [model?.id ?? ''] });
	const done = await untilJob(server.url, job.id, ({ state }) => state === 'done');
	run = `${server.url}/runs/${done.run ?? ''}`;
});
afterAll(async () => {
	await server.stop();
	await home.remove();
});

const region = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

describe('a run of an ONNX model', () => {
	it('says at once what a search takes, and leads to the evaluation', async () => {
		const page = await visit(`${run}?tab=search&spans=4-6`);
		const panel = region(page, 'Search for a plan');
		await panel.getByText(/^A search takes a checkpoint\./).waitFor();
		await panel.getByText(/spanwise apply \S+model\.onnx --plan plan\.json/).waitFor();
		expect(await page.getByRole('form', { name: 'Search for a plan' }).count()).toBe(0);
		await panel.getByRole('button', { name: 'Evaluate the plan' }).click();
		await page.getByRole('form', { name: 'Evaluate a plan' }).waitFor();
	});

	it('says at once what a damage map takes', async () => {
		const page = await visit(`${run}?map=damage`);
		const panel = region(page, 'Layer by layer');
		await panel.getByText(/^A damage map takes a checkpoint\./).waitFor();
		expect(await page.getByRole('form', { name: 'Measure the damage' }).count()).toBe(0);
	});

	it('has its plan evaluated, the whole model being timed', async () => {
		const page = await visit(`${run}?tab=evaluate&spans=4-6&drop=9`);
		const form = page.getByRole('form', { name: 'Evaluate a plan' });
		await form.getByLabel('Context', { exact: true }).fill('48');
		await form.getByLabel('Windows', { exact: true }).fill('4');
		await form.getByLabel('Measure recall too').uncheck();
		await form.getByRole('button', { name: 'Evaluate', exact: true }).click();
		const result = region(page, 'Evaluation');
		await result.waitFor({ timeout: MEASURED_TIMEOUT_MS });
		const loss = result.getByRole('row', { name: /^loss .*\[.*, .*\]/ });
		const [a, b] = (await loss.getByRole('cell').allTextContents()).map(Number);
		expect(b).toBeGreaterThan(a);
		await result.getByRole('row', { name: /^prefill, whole model / }).waitFor();
		await page.getByRole('listbox', { name: /^Tokens of window/ }).waitFor();
	});
});
