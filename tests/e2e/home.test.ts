import type { Page } from 'playwright-core';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planJson } from '../../analysis/plan/exporters/json.ts';
import { writeTinyCheckpoint, writeUnknownFamily } from '../builders/checkpoint.ts';
import { importedPlan } from '../../src/lib/measure/importedPlan.ts';
import { runsOf } from './setup/api.ts';
import { startBuild, type RunningServer } from './setup/server.ts';
import { hydrated, useVisitor } from './setup/visitor.ts';
import { MADE_UP, temporaryFolder, writeMadeUpRun } from './setup/workspace.ts';

let home: Awaited<ReturnType<typeof temporaryFolder>>;
let zoo: Awaited<ReturnType<typeof temporaryFolder>>;
let server: RunningServer;
beforeAll(async () => {
	home = await temporaryFolder();
	zoo = await temporaryFolder();
	await writeTinyCheckpoint(join(zoo.path, 'tiny'));
	await writeMadeUpRun(home.path);
	server = await startBuild(home.path);
});
afterAll(async () => {
	await server.stop();
	await home.remove();
	await zoo.remove();
});
const { visit, expectProblem } = useVisitor();

/** Drops files on the middle of the page, as a file manager does. */
async function drop(page: Page, files: { name: string; text: string }[]): Promise<void> {
	const data = await page.evaluateHandle((dropped) => {
		const transfer = new DataTransfer();
		for (const { name, text } of dropped) transfer.items.add(new File([text], name));
		return transfer;
	}, files);
	for (const type of ['dragover', 'drop']) {
		await page.locator('main').dispatchEvent(type, { dataTransfer: data });
	}
}

describe('the first screen', () => {
	it('says what Spanwise is for, asks about the newest run, and points at the next step', async () => {
		const page = await visit(server.url);
		const question = page.getByRole('region', { name: 'The question' });
		await question
			.getByText(/finds the layers of a language model that can share or drop/)
			.waitFor();
		await question
			.getByRole('heading', { name: `Which layers of ${MADE_UP.name} could go` })
			.waitFor();
		const next = question.getByRole('link', { name: 'Measure what it costs' });
		await expect.poll(() => next.getAttribute('href')).toBe(`/runs/${MADE_UP.id}`);
	});
});

describe('folders of models', () => {
	it('are added by their path, stay after a reload, and are taken off again', async () => {
		const page = await visit(server.url);
		const form = page.getByRole('form', { name: 'Add models' });
		await form.getByRole('textbox').fill(`"${join(zoo.path, 'tiny', 'config.json')}"`);
		await form.getByRole('button', { name: 'Add' }).click();
		await form.getByText('1 model added: tiny').waitFor();
		const models = page.getByRole('table', { name: 'models' });
		await models.getByRole('link', { name: 'tiny', exact: true }).waitFor();
		await page
			.getByRole('form', { name: 'New analysis' })
			.getByRole('checkbox', { name: /^tiny/, checked: true })
			.waitFor();

		await page.reload();
		await hydrated(page);
		await form
			.getByRole('button', { name: `Remove ${join(zoo.path, 'tiny')} from the list` })
			.click();
		await models.getByRole('link', { name: 'tiny', exact: true }).waitFor({ state: 'detached' });
	});
	it('without a model are refused, with what is wrong', async () => {
		expectProblem(/400 \(Bad Request\)/);
		const page = await visit(server.url);
		const form = page.getByRole('form', { name: 'Add models' });
		await form.getByRole('textbox').fill(join(zoo.path, 'none'));
		await form.getByRole('button', { name: 'Add' }).click();
		await form.getByRole('alert').getByText('no such folder').waitFor();
	});
});

describe('a model that only PyTorch runs, where a Python has it', () => {
	let torch: RunningServer;
	let own: Awaited<ReturnType<typeof temporaryFolder>>;
	beforeAll(async () => {
		own = await temporaryFolder();
		await writeUnknownFamily(join(own.path, 'unknown'));
		const python = join(own.path, 'python');
		const look = 'case "$2" in *is_available*) echo asked >> "$0.log"; echo cuda;; esac';
		await writeFile(python, `#!/bin/sh\n${look}\n`, { mode: 0o755 });
		const folders = join(own.path, 'unknown');
		torch = await startBuild(join(own.path, 'home'), undefined, folders, {
			SPANWISE_PYTHON: python
		});
	});
	afterAll(async () => {
		await torch.stop();
		await own.remove();
	});

	it('is asked for its first device by the first form that offers PyTorch, once', async () => {
		const asked = join(own.path, 'python.log');
		const page = await visit(`${torch.url}/results`);
		await page.getByRole('heading', { level: 1 }).waitFor();
		expect(existsSync(asked)).toBe(false);
		for (const path of ['/', '/results', '/']) await page.goto(`${torch.url}${path}`);
		const form = page.getByRole('form', { name: 'New analysis' });
		await form.getByLabel('Engine').selectOption('PyTorch');
		await expect.poll(() => form.getByLabel('Device').inputValue()).toBe('cuda');
		expect(await readFile(asked, 'utf8')).toBe('asked\n');
	});

	it('is listed as usable; the form of an analysis chooses PyTorch and says why, and so does its page', async () => {
		const page = await visit(torch.url);
		await page
			.getByRole('table', { name: 'models' })
			.getByText('Runs on PyTorch only: architecture is "NewForCausalLM"')
			.waitFor();
		const form = page.getByRole('form', { name: 'New analysis' });
		const engine = form.getByLabel('Engine');
		await form.getByRole('checkbox', { name: /^unknown/ }).check();
		await form
			.getByText('Only PyTorch runs this model: architecture is "NewForCausalLM".')
			.waitFor();
		await expect.poll(() => engine.locator('option').allTextContents()).toEqual(['PyTorch']);
		await expect.poll(() => form.getByLabel('Device').inputValue()).toBe('cuda');
		await page.getByRole('link', { name: 'unknown', exact: true }).click();
		await page
			.getByText('only PyTorch runs this model: architecture is "NewForCausalLM"')
			.waitFor();
		await page.getByRole('link', { name: 'Analyse …' }).waitFor();
	});
});

describe('files dropped anywhere', () => {
	it('a text is what the new analysis reads, from any page without a place for it', async () => {
		const page = await visit(`${server.url}/results`);
		await drop(page, [{ name: 'mine.txt', text: 'My own words. '.repeat(50) }]);
		await page.waitForURL(`${server.url}/`);
		await page.getByRole('form', { name: 'New analysis' }).getByText('mine.txt').waitFor();
	});
	it('a plan opens in the run of its model', async () => {
		const [{ model }] = await runsOf(server.url).then(({ runs }) => runs);
		const plan = importedPlan('{"followers": [3, 4]}', 'list.json', model, null);
		const page = await visit(server.url);
		await drop(page, [{ name: 'mine.json', text: planJson(plan) }]);
		await page.waitForURL(`**/runs/${MADE_UP.id}**`);
		const panel = page.getByRole('region', { name: 'Plan', exact: true });
		await panel.getByRole('row', { name: /span of layer 2 3, 4/ }).waitFor();
	});
	it('anything else is refused by name', async () => {
		const page = await visit(server.url);
		await drop(page, [{ name: 'model.safetensors', text: 'x' }]);
		await page
			.getByRole('alert')
			.getByText("model.safetensors: a model's file; add the path of its folder")
			.waitFor();
	});
});
