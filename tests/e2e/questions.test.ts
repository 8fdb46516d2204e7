import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readResult, writeResult } from '../../analysis/measure/results/folder.ts';
import { planOf } from '../../analysis/measure/results/result.ts';
import { spansOf } from '../../analysis/plan/spans.ts';
import { layeredDamage } from '../builders/damage.ts';
import { seedWorkspace, type Seeded } from '../builders/seed.ts';
import { startBuild, type RunningServer } from './setup/server.ts';
import { useVisitor } from './setup/visitor.ts';
import { MADE_UP, temporaryFolder, writeMadeUpRun } from './setup/workspace.ts';

const HASH = '00112233445566778899aabbccddeeff';
const { visit } = useVisitor();
let home: Awaited<ReturnType<typeof temporaryFolder>>;
let server: RunningServer;
/** A run of another model, of which everything is measured. */
let measured: Seeded;
beforeAll(async () => {
	home = await temporaryFolder();
	await writeMadeUpRun(home.path);
	[measured] = await seedWorkspace(home.path, ['mini-llama2']);
	await writeResult(home.path, layeredDamage(MADE_UP.layers, { name: MADE_UP.name, hash: HASH }));
	server = await startBuild(home.path);
});
afterAll(async () => {
	await server.stop();
	await home.remove();
});

const run = (query = '') => `${server.url}/runs/${MADE_UP.id}${query}`;
const questions = (page: Page) => page.getByRole('list', { name: 'Questions' });

describe('the questions of a run', () => {
	it('are answered from what was measured, or say what would measure it', async () => {
		const page = await visit(run());
		const items = questions(page).getByRole('listitem');
		await expect
			.poll(() => items.getByRole('link').allTextContents())
			.toEqual([
				'Which layers could share or go?',
				'What would it break?',
				'Is dropping better?',
				'What do I gain?'
			]);
		await items
			.nth(0)
			.getByText(/Cheapest to drop: layer \d, [+−]\d/)
			.waitFor();
		await items.nth(0).getByText('measured', { exact: true }).waitFor();
		await items
			.nth(1)
			.getByRole('button', { name: /^Evaluate the plan/ })
			.waitFor();
		await items
			.nth(2)
			.getByRole('button', { name: /^Search for a plan/ })
			.waitFor();
		await items.nth(3).getByText('predicted', { exact: true }).waitFor();
	});
	it('lead to their details', async () => {
		const page = await visit(run());
		await questions(page).getByRole('link', { name: 'Is dropping better?' }).click();
		await page.getByRole('tab', { name: 'Search', selected: true }).waitFor();
		await questions(page).getByRole('link', { name: 'Which layers could share or go?' }).click();
		await page.getByRole('grid', { name: /^loss increase when every follower/ }).waitFor();
	});
	it.each([
		{ at: 0, kind: 'damage', seeded: 'damage', shown: null },
		{ at: 1, kind: 'evaluate', seeded: 'evaluation', shown: 'Evaluation' },
		{ at: 2, kind: 'search', seeded: 'search', shown: 'Verdict' },
		{ at: 3, kind: 'bench', seeded: 'bench', shown: 'Deployment' }
	] as const)(
		'lead to the result that answers them: $kind',
		async ({ at, kind, seeded, shown }) => {
			const id = measured[seeded];
			const plan = planOf((await readResult(home.path, measured.evaluation)).result);
			const spans = spansOf(plan?.sources ?? []).map(
				({ source, followers }) => `${source}-${source + followers.length}`
			);
			const page = await visit(`${server.url}/runs/${measured.run}?spans=${spans.join()}`);
			const item = questions(page).getByRole('listitem').nth(at);
			await item.getByText(/nats\/token/).waitFor();
			await item.getByRole('link').click();
			await expect.poll(() => new URL(page.url()).searchParams.get(kind)).toBe(id);
			if (shown === null)
				await page.getByRole('grid', { name: /^loss increase when every follower/ }).waitFor();
			else await page.getByRole('region', { name: shown, exact: true }).waitFor();
		}
	);
});

describe('the map', () => {
	it.each([
		{ width: 1280, height: 720 },
		{ width: 1440, height: 900 }
	])('is seen whole with both axes on a screen of $width × $height', async (viewport) => {
		const page = await visit(run(), { viewport });
		const map = page.getByRole('grid', { name: /every two layers of eight/ });
		await map.waitFor();
		await expect
			.poll(async () => {
				const box = await map.boundingBox();
				return box !== null && box.y > 0 && box.y + box.height <= viewport.height;
			})
			.toBe(true);
	});
});

describe('a number that can be explained', () => {
	it('opens a sentence, the formula, and the formula with the numbers of the cell in hand', async () => {
		const page = await visit(run('?cell=2,5&show=excess'));
		await page.getByRole('grid', { name: /excess over null/ }).waitFor();
		await page.getByRole('button', { name: 'Explain the number: excess' }).click();
		await page.getByText('How far the similarity lies above its null').waitFor();
		await page.getByText('(similarity − null) / (1 − null)', { exact: true }).waitFor();
		await page
			.getByText(/^layer 2 and 5: \(\d\.\d{3} − \d\.\d{3}\) \/ \(1 − \d\.\d{3}\) = /)
			.waitFor();
		await page.keyboard.press('Escape');
		await page.getByText('How far the similarity lies above').waitFor({ state: 'hidden' });
	});
});

describe('the form of a measurement', () => {
	it('measures recall unless told not to', async () => {
		const page = await visit(run('?tab=evaluate'));
		const form = page.getByRole('form', { name: 'Evaluate a plan' });
		const recall = form.getByRole('checkbox', { name: 'Measure recall too' });
		await expect.poll(() => recall.isChecked()).toBe(true);
		await recall.uncheck();
		await form.getByText('lose recall').waitFor();
	});
});
