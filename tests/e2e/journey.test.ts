import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePlan } from '../../analysis/plan/planFile.ts';
import { get, runsOf } from './setup/api.ts';
import { canvasOf, cellColours } from './setup/canvas.ts';
import { startServe, type RunningServer } from './setup/server.ts';
import { until } from './setup/until.ts';
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

const MODELS = ['mini-llama2', 'mini-llama3'];
/** The two first analyses, on a slow machine. */
const FIRST_RUNS_TIMEOUT_MS = 90_000;

/** The home page, once it shows what it makes of an empty workspace. */
async function filledHome(): Promise<Page> {
	const page = await visit(server.url);
	for (const model of MODELS) {
		await page
			.getByRole('link', { name: `Map of ${model}, 16 layers` })
			.waitFor({ timeout: FIRST_RUNS_TIMEOUT_MS });
	}
	return page;
}

async function openRun(model: string): Promise<Page> {
	const page = await filledHome();
	await page.getByRole('link', { name: `Map of ${model}, 16 layers` }).click();
	await layerMap(page).waitFor();
	return page;
}

const layerMap = (page: Page) => page.getByRole('grid', { name: /every two layers of mini-llama/ });
const planOf = (page: Page) => page.getByRole('region', { name: 'Plan', exact: true });

/** Clicks an item of a menu and returns the file that it saves. */
async function saved(
	page: Page,
	menu: string,
	item: RegExp
): Promise<{ name: string; bytes: Buffer }> {
	await page.getByRole('button', { name: menu, exact: true }).click();
	return downloaded(page, () => page.getByRole('menuitem', { name: item }).click());
}

/** A file as a dialog that is open saves it. */
async function figureFile(page: Page, format: RegExp): Promise<Buffer> {
	const files = page.getByRole('dialog').getByRole('group', { name: 'Save as' });
	const save = () => files.getByRole('button', { name: format }).click();
	return (await downloaded(page, save)).bytes;
}

async function downloaded(
	page: Page,
	save: () => Promise<void>
): Promise<{ name: string; bytes: Buffer }> {
	const downloading = page.waitForEvent('download');
	await save();
	const download = await downloading;
	return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

describe('from an empty workspace', () => {
	it('both bundled models are analysed, drawn and compared by themselves', async () => {
		const page = await filledHome();
		const comparison = page.getByRole('region', { name: 'Comparison' });
		await comparison.getByRole('img', { name: /^Difference of the two maps/ }).waitFor();
		await comparison
			.getByText(/^The largest difference: layers \d+ and \d+ attend more alike/)
			.waitFor();
		for (const model of MODELS) {
			const painted = await canvasOf(
				page.getByRole('link', { name: `Map of ${model}, 16 layers` })
			);
			const colours = cellColours(painted, 16, 16);
			const different = new Set(colours.flat().map(String));
			expect(different.size).toBeGreaterThan(16);
			// A layer is as like itself as can be: the diagonal has one colour.
			expect(new Set(colours.map((row, layer) => String(row[layer]))).size).toBe(1);
		}
	});

	it('a plan is found, saved, and accepted by whoever reads plans', async () => {
		const page = await openRun('mini-llama2');
		await planOf(page).getByText('4 of 16 layers').waitFor();
		await planOf(page).getByRole('spinbutton', { name: 'Followers' }).fill('5');
		await page.keyboard.press('Enter');
		await planOf(page).getByText('5 of 16 layers').waitFor();

		const { name, bytes } = await saved(page, 'Export the plan', /^Plan/);
		expect(name).toMatch(/plan\.json$/);
		const plan = parsePlan(JSON.parse(bytes.toString()), name);
		expect(plan.model).toMatchObject({ name: 'mini-llama2', layers: 16, heads: 6, kvHeads: 6 });
		expect(plan.sources.filter((source, layer) => source !== layer)).toHaveLength(5);
		expect([plan.sources[0], plan.sources[15]]).toEqual([0, 15]);
		expect(plan.definition).toMatchObject({
			metric: 'cosine',
			view: 'all',
			context: 256,
			windows: 4
		});
		expect(plan.predicted?.kCache.shareOfKv).toBe(5 / 32);

		const other = await openRun('mini-llama3');
		await layerMap(other).waitFor();
		await other
			.getByLabel('Import')
			.setInputFiles({ name, mimeType: 'application/json', buffer: bytes });
		await planOf(other).getByRole('alert').getByText('different weights').waitFor();
		await planOf(other).getByText('5 of 16 layers').waitFor();
	});

	it('a span is drawn on the diagonal of the map', async () => {
		const page = await openRun('mini-llama2');
		const box = await layerMap(page).locator('canvas').boundingBox();
		if (!box) throw new Error('the map has no place');
		const at = (layer: number) => ((layer + 0.5) * box.width) / 16;
		await page.mouse.move(box.x + at(10), box.y + at(10));
		await page.mouse.down();
		await page.mouse.move(box.x + at(13), box.y + at(13), { steps: 6 });
		await page.mouse.up();
		await planOf(page).getByRole('button', { name: 'Choose the span of layer 10' }).waitFor();
		await planOf(page)
			.getByRole('row', { name: /span of layer 10 11, 12, 13/ })
			.waitFor();
	});

	it('a pair of layers opens to its heads, and a pair of heads to its maps over tokens', async () => {
		const page = await openRun('mini-llama3');
		await layerMap(page).focus();
		for (const key of [
			'ArrowDown',
			'ArrowDown',
			'ArrowDown',
			'ArrowRight',
			'ArrowRight',
			'Enter'
		]) {
			await page.keyboard.press(key);
		}
		await page
			.getByRole('grid', { name: /every head of layer 2 with every head of layer 2/ })
			.focus();
		for (const key of ['ArrowDown', 'ArrowRight', 'Enter']) await page.keyboard.press(key);

		const tokens = page.getByRole('region', { name: 'Token maps' });
		// The running text first: where a token looks in both layers is said in words, too.
		const text = tokens.getByRole('listbox', { name: 'Tokens of the window' });
		await text.focus();
		await page.keyboard.press('ArrowRight');
		await expect.poll(() => text.getByRole('option', { selected: true }).count()).toBe(1);
		await tokens
			.getByText(/^layer 2 head 0/)
			.first()
			.waitFor();
		await tokens.getByText('1.0000').first().waitFor();
		await tokens.getByRole('radio', { name: 'maps' }).check({ force: true });
		const map = tokens.getByRole('grid', { name: /^Layer 2 head 0: probability/ }).first();
		await map.waitFor();
		await expect.poll(() => tokens.getByRole('grid').count()).toBe(3);
		const colours = cellColours(await canvasOf(map), 16, 16);
		const opacity = (row: number, column: number) => colours[row][column][3];
		// No query attends to a later key: there is nothing above the diagonal, in light and in dark.
		expect([opacity(15, 0), opacity(0, 15)]).toEqual([255, 0]);
		await map.focus();
		// From wherever the text left it, to the first query.
		for (const key of ['ArrowDown', 'ArrowUp', 'ArrowUp', 'ArrowUp', 'ArrowLeft', 'ArrowLeft'])
			await page.keyboard.press(key);
		await tokens
			.getByRole('gridcell', { name: /^query 0 <\|begin_of_text\|>, key 0 .*: 1\.0000$/ })
			.first()
			.waitFor();
	});

	it('the map is saved as a figure and as numbers', async () => {
		const page = await openRun('mini-llama2');
		await page.getByRole('button', { name: 'Save Layer by layer' }).click();
		const dialog = page.getByRole('dialog', { name: 'Save: Layer by layer' });
		await dialog.getByRole('img', { name: /^Preview/ }).waitFor();
		const png = await figureFile(page, /^PNG/);
		expect(png.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
		// 3.25 in at 300 dpi.
		expect(png.readUInt32BE(16)).toBe(975);
		const pdf = await figureFile(page, /^PDF/);
		expect(pdf.subarray(0, 5).toString('latin1')).toBe('%PDF-');
		expect(pdf.length).toBeLessThan(100_000);
		const svg = (await figureFile(page, /^SVG/)).toString();
		expect(svg).toMatch(/^<svg /);
		for (const fact of [
			'cosine',
			'view all',
			'1024 tokens of time-machine.txt',
			'spanwise analyze mini-llama2'
		]) {
			expect(svg.replaceAll(/<[^>]*>\s*/g, ' ').replaceAll(/\s+/g, ' ')).toContain(fact);
		}
		await dialog.getByText('double, 6.75 in').click();
		await dialog.getByLabel('caption').uncheck();
		const wide = (await figureFile(page, /^SVG/)).toString();
		expect(wide).toContain('width="6.75in"');
		expect(wide.replace(/<desc>.*<\/desc>/, '')).not.toContain('spanwise analyze');
		expect((await figureFile(page, /^TEX/)).toString()).toContain('spanwise analyze mini-llama2');
		expect((await figureFile(page, /^PY/)).toString()).toContain('imshow');
		const csv = (await figureFile(page, /^CSV/)).toString();
		const lines = csv.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
		expect(lines).toHaveLength(17);
		expect(lines[1]).toMatch(/^0,1,/);
		const { origin, pathname } = new URL(page.url());
		const matrix = `${origin}/api${pathname}/matrix.csv?metric=cosine&view=all`;
		expect(csv).toBe(await (await page.request.get(matrix)).text());
		const npy = await figureFile(page, /^NPY/);
		const array = await page.request.get(matrix.replace('matrix.csv', 'matrix.npy'));
		expect(npy.equals(await array.body())).toBe(true);
		expect(npy.subarray(0, 6).toString('latin1')).toBe('\x93NUMPY');
		expect(npy.subarray(0, 128).toString('latin1')).toContain('(16, 16)');
	});

	it('its runs, of the same places of the text, are served as numbers, as the command prints them', async () => {
		await filledHome();
		const { url } = server;
		const { runs, unusable } = await runsOf(url);
		expect(unusable).toEqual([]);
		expect(runs.map(({ model }) => model.name)).toEqual(['mini-llama3', 'mini-llama2']);
		const [starts3, starts2] = runs.map(({ windows }) => windows.map(({ start }) => start));
		expect(starts3).toEqual(starts2);

		const [{ id, command }] = runs;
		const maps = await fetch(`${url}/api/runs/${id}/attention?window=1&layers=3,4`);
		expect(maps.headers.get('x-shape')).toBe('2,6,256,256');
		const attention = new Float32Array(await maps.arrayBuffer()); // [2, 6, 256, 256]
		expect(attention.length).toBe(2 * 6 * 256 * 256);
		const lastRow = attention.subarray(255 * 256, 256 * 256);
		expect(lastRow.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
		expect(attention[1]).toBe(0);

		const csv = await get(`${url}/api/runs/${id}/matrix.csv?metric=js&view=no-sink`, {});
		const lines = csv.body.split('\n');
		expect(lines.slice(0, 2)).toEqual(['# metric: js', '# view: no-sink']);
		expect(lines.filter((line) => !/^# [a-z]+: |^\d/i.test(line))).toEqual([
			'layer,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15',
			''
		]);
		expect(lines).toContain(`# command: ${command}`);
		const asked = ['similarity', id, '--metric', 'js', '--view', 'no-sink', '--format', 'csv'];
		const printed = spawnSync(process.execPath, ['dist/spanwise.js', ...asked], {
			env: { ...process.env, SPANWISE_HOME: home.path },
			encoding: 'utf8'
		});
		expect(printed.stdout).toBe(csv.body);
	});

	it('once all is drawn no worker is left, and a run that is deleted is gone', async () => {
		// A page that is open would compare the run while it goes.
		await (await filledHome()).close();
		await until('the end of the workers', () => (server.workers().length === 0 ? true : undefined));
		const [{ id }] = (await runsOf(server.url)).runs;
		const path = `${server.url}/api/runs/${id}`;
		expect((await fetch(path, { method: 'DELETE' })).status).toBe(204);
		expect((await fetch(path)).status).toBe(404);
	});
});
