import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DynamicsStep } from '../../analysis/compare/dynamics.ts';
import { writeDynamics } from '../../analysis/compare/storedDynamics.ts';
import { startBuild, type RunningServer } from './setup/server.ts';
import { useVisitor } from './setup/visitor.ts';
import { MADE_UP, temporaryFolder, writeMadeUpRun } from './setup/workspace.ts';

const { visit, expectProblem } = useVisitor();
const python = process.env.SPANWISE_PYTHON;
let home: Awaited<ReturnType<typeof temporaryFolder>>;
let server: RunningServer;
let id: string;
beforeAll(async () => {
	home = await temporaryFolder();
	await writeMadeUpRun(home.path);
	const step = (number: number, run: string): DynamicsStep => ({
		...{ step: number, name: `step${number}`, run, hash: '0', loss: 3.25, recall: null },
		...{ similarity: { value: 0.75, low: 0.7, high: 0.8 }, pairs: [0.5, 1], damage: null }
	});
	id = await writeDynamics(
		home.path,
		{ name: 'Pythia', command: 'spanwise dynamics Pythia' },
		{
			...{ metric: 'cosine', view: 'all', texts: [{ name: 'walden.txt', sha256: '0' }] },
			...{ context: 32, windows: 4, steps: [step(1, 'gone'), step(1000, MADE_UP.id)] }
		}
	);
	// Stands for a Python that has everything, and a GPU: it is asked whether it has, and for the first device.
	const there = join(home.path, 'python');
	await writeFile(there, '#!/bin/sh\necho cuda\n');
	await chmod(there, 0o755);
	process.env.SPANWISE_PYTHON = there;
	server = await startBuild(home.path);
});
afterAll(async () => {
	await server.stop();
	await home.remove();
	if (python === undefined) delete process.env.SPANWISE_PYTHON;
	else process.env.SPANWISE_PYTHON = python;
});

describe('a training', () => {
	it('is reached from every page, and shows its curves, its checkpoints and their runs', async () => {
		const page = await visit(server.url);
		await page.getByRole('link', { name: 'Trainings' }).click();
		await page.getByRole('link', { name: 'Pythia' }).click();
		await page.waitForURL(`**/dynamics/${id}`);
		await page.getByText('loss (nats/token)').waitFor();
		const row = page.getByRole('row', { name: /^1000 / });
		await expect
			.poll(() => row.getByRole('cell').allTextContents())
			.toEqual(
				expect.arrayContaining(['1000', '3.2500', '0.7500', '0.5000 (0–1)', '1.0000 (1–2)'])
			);
		await expect.poll(() => page.getByRole('cell', { name: 'gone (deleted)' }).count()).toBe(1);
		await row.getByRole('link', { name: MADE_UP.id }).click();
		await page.waitForURL(`**/runs/${MADE_UP.id}`);
	});

	it('that is not there is said so', async () => {
		expectProblem(/404/);
		const page = await visit(`${server.url}/dynamics/other`);
		await page.getByText('other: no training of that name in this workspace').waitFor();
	});
});

it('a new analysis may run on PyTorch, where it is there', async () => {
	const page = await visit(server.url);
	const form = page.getByRole('form', { name: 'New analysis' });
	const asked = page.waitForRequest(
		(request) =>
			request.url().endsWith('/api/estimate') && (request.postData() ?? '').includes('"torch"')
	);
	await form.getByRole('checkbox', { name: /^mini-llama2/ }).check();
	await form.getByLabel('Engine').selectOption({ label: 'PyTorch' });
	expect(JSON.parse((await asked).postData() ?? '')).toMatchObject({
		torch: { device: 'cuda', dtype: 'float32' }
	});
	await form.getByLabel('Device').waitFor();
	// Enabled once the estimate is there.
	await expect.poll(() => form.getByRole('button', { name: 'Analyse' }).isEnabled()).toBe(true);
});
