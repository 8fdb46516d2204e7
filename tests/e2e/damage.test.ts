import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeResult } from '../../analysis/measure/results/folder.ts';
import { divergingScale, tableIndex } from '../../analysis/figure/colour.ts';
import { dropLoss, layeredDamage, pairLoss } from '../builders/damage.ts';
import { canvasOf, cellColours } from './setup/canvas.ts';
import { startBuild, type RunningServer } from './setup/server.ts';
import { useVisitor } from './setup/visitor.ts';
import { MADE_UP, temporaryFolder, writeMadeUpRun } from './setup/workspace.ts';

const HASH = '00112233445566778899aabbccddeeff';
const { layers, name } = MADE_UP;
const { visit } = useVisitor();
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

const run = (query: string) => `${server.url}/runs/${MADE_UP.id}${query}`;
const query = (page: Page) => new URL(page.url()).search;
const region = (page: Page, title: string) =>
	page.getByRole('region', { name: title, exact: true });
const damageMap = (page: Page) =>
	page.getByRole('grid', { name: /^loss increase when every follower/ });

describe('a model whose damage was not measured', () => {
	it('is offered a measurement in place of the map', async () => {
		const page = await visit(run('?map=damage'));
		const form = page.getByRole('form', { name: 'Measure the damage' });
		await form.getByRole('button', { name: 'Measure' }).waitFor();
		await expect.poll(() => form.getByLabel('Context').inputValue()).toBe('64'); // no longer than the model's
		await expect.poll(() => form.getByLabel('Longest span').inputValue()).toBe('6');
		await region(page, 'Can similarity be trusted?').getByText('not what breaks').waitFor();
	});
	it('is led to the form from where similarity is doubted', async () => {
		const page = await visit(run(''));
		await region(page, 'Can similarity be trusted?')
			.getByRole('button', { name: 'Measure the damage' })
			.click();
		const place = page.getByRole('group', { name: 'Damage', exact: true });
		await place.getByRole('form', { name: 'Measure the damage' }).waitFor();
		const seen = () =>
			place.evaluate((element) => {
				const { top, bottom } = element.getBoundingClientRect();
				return element === document.activeElement && top < window.innerHeight && bottom > 0;
			});
		await expect.poll(seen).toBe(true);
	});
});

describe('a model whose damage was measured', () => {
	beforeAll(async () => {
		await writeResult(home.path, layeredDamage(layers, { name, hash: HASH }));
	});

	it('shows it on the map in colours around 0, dropped layers on the diagonal, nothing below', async () => {
		const page = await visit(run('?map=damage&range=0,0.3&f=0'));
		const scale = divergingScale([0, 0.3]);
		const cells = async () => cellColours(await canvasOf(damageMap(page)), layers, layers);
		const colour = (loss: number) => {
			const entry = tableIndex(scale, loss) * 3;
			return [...scale.table.subarray(entry, entry + 3), 255];
		};
		await expect.poll(async () => (await cells())[2]?.[5]).toEqual(colour(pairLoss(2, 5)));
		const painted = await cells();
		expect(painted[4]?.[4]).toEqual(colour(dropLoss(4)));
		expect(painted[5]?.[2]?.[3]).toBe(0);
	});

	it('goes from map to map by d, and says what the cell costs', async () => {
		const page = await visit(run(''));
		await page.getByRole('grid', { name: /every two layers of eight/ }).waitFor();
		await page.keyboard.press('d');
		await expect.poll(() => query(page)).toBe('?map=output');
		await page.keyboard.press('d');
		await expect.poll(() => query(page)).toBe('?map=damage');
		await damageMap(page).focus();
		for (const key of ['ArrowRight', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
		await page
			.getByRole('gridcell', { name: 'source layer 0, follower layer 2: 0.0600' })
			.waitFor();
		const tip = damageMap(page);
		await tip.getByText('layer 2 reuses layer 0').waitFor();
		await tip.getByText('+0.060 [+0.050, +0.070]').waitFor();
		await tip.getByText('+0.070 [+0.060, +0.080]').waitFor(); // layer 2 dropped
	});

	it('adds up what the parts of the plan cost, beside dropping its followers', async () => {
		const page = await visit(run('?spans=2-4&drop=6'));
		const plan = region(page, 'Plan');
		const parts = plan.getByRole('region', { name: 'Measured one by one' });
		// 2–4 costs 0.08 and layer 6 0.11; dropped, layers 3 and 4 cost 0.08 and 0.09 instead.
		await parts.getByText('+0.190').waitFor();
		await parts.getByText('+0.280').waitFor();
		await plan.getByRole('button', { name: 'Restore attention in layer 6' }).click();
		await expect.poll(() => query(page)).toBe('?spans=2-4');
		await parts.getByRole('button', { name: 'Use' }).click();
		await expect.poll(() => query(page)).toBe('?spans=&drop=3,4');
	});

	it('says how far each measure can be trusted', async () => {
		const page = await visit(run(''));
		const table = region(page, 'Rank agreement with damage');
		// Output falls with the distance alone, by which every follower's damage rises.
		await table.getByRole('row', { name: /^output .* −1\.00 \[−1\.00,\s−1\.00\]/ }).waitFor();
		await table.getByRole('rowheader', { name: 'cosine (all)', exact: true }).waitFor();
		const trust = region(page, 'Can similarity be trusted?');
		await trust.getByRole('group', { name: /28 pairs of layers/ }).waitFor();
		await trust.getByText('output', { exact: true }).click();
		await trust.getByText(/among the sources of one follower, the more alike costs less/).waitFor();
	});
});
