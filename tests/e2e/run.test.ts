import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { colourScale, tableIndex, type ColourScale } from '../../analysis/figure/colour.ts';
import { differenceFromBaseline } from './setup/baseline.ts';
import { canvasOf, cellColours } from './setup/canvas.ts';
import { startBuild, type RunningServer } from './setup/server.ts';
import { hydrated, useVisitor } from './setup/visitor.ts';
import { MADE_UP, temporaryFolder, writeMadeUpRun } from './setup/workspace.ts';

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

const run = (query = '') => `${server.url}/runs/${MADE_UP.id}${query}`;
const mapOf = (page: Page) => page.getByRole('grid', { name: /every two layers of eight/ });
const planOf = (page: Page) => page.getByRole('region', { name: 'Plan', exact: true });
const query = (page: Page) => new URL(page.url()).search;

it('has no gallery, which is for development', async () => {
	expect((await fetch(`${server.url}/gallery`)).status).toBe(404);
});

describe('the layer map', () => {
	it('paints each pair of layers in the colour of its cosine', async () => {
		const page = await visit(run('?range=0,1'));
		const scale = colourScale('viridis', [0, 1]);
		await expect
			.poll(async () => coloursOf(page))
			.toEqual(grid((row, column) => colourOf(scale, row, column)));
	});
	it('looks as it did', async () => {
		const page = await visit(run('?range=0.6,1'));
		await mapOf(page).waitFor();
		expect(differenceFromBaseline('layer-map', await canvasOf(mapOf(page)))).toBeNull();
	});
	it('changes its colours to cividis at once, and keeps them', async () => {
		const page = await visit(run('?range=0,1'));
		const scale = colourScale('cividis', [0, 1]);
		const expected = grid((row, column) => colourOf(scale, row, column));
		await page.getByRole('combobox', { name: 'Colours' }).selectOption('cividis');
		await expect.poll(() => coloursOf(page)).toEqual(expected);
		await page.reload();
		await hydrated(page);
		await expect.poll(() => coloursOf(page)).toEqual(expected);
	});
	it('can be read as a table', async () => {
		const page = await visit(run());
		await page
			.getByRole('region', { name: 'Layer by layer' })
			.getByRole('button', { name: 'Table' })
			.click();
		const cell = page.getByRole('row').nth(3).getByRole('cell').nth(5);
		expect((await cell.textContent())?.trim()).toBe(
			MADE_UP.matrix[2 * MADE_UP.layers + 5].toFixed(4)
		);
	});
});

describe('the keyboard alone', () => {
	it('moves over the map, opens a pair, and closes it', async () => {
		const page = await visit(run());
		await mapOf(page).waitFor();
		await tabTo(page, 'grid');
		await press(page, 'ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowRight');
		const value = MADE_UP.matrix[2 * MADE_UP.layers + 2].toFixed(4);
		await page.getByRole('gridcell', { name: `layer 2, layer 2: ${value}` }).waitFor();
		await press(page, 'ArrowRight', 'Enter');
		await page.getByRole('region', { name: 'Layers 2 and 3, head by head' }).waitFor();
		await expect.poll(() => query(page)).toBe('?cell=2,3');
		await press(page, 'Escape');
		await page
			.getByRole('region', { name: 'Layers 2 and 3, head by head' })
			.waitFor({ state: 'detached' });
		await expect.poll(() => query(page)).toBe('');
	});
	it('grows and shrinks the chosen span by ] and [', async () => {
		const page = await visit(run('?spans=2-3'));
		const choose = planOf(page).getByRole('button', { name: 'Choose the span of layer 2' });
		await choose.focus();
		await press(page, 'Enter');
		await press(page, ']');
		await expect.poll(() => query(page)).toBe('?spans=2-4');
		await press(page, ']', '[', '[');
		await expect.poll(() => query(page)).toBe('?spans=2-3');
	});
	it('makes, moves and removes a span from the keyboard on the map, and undoes and redoes each', async () => {
		const page = await visit(run('?spans='));
		await mapOf(page).focus();
		await press(page, 'ArrowRight', 'ArrowRight', 'ArrowDown', 'ArrowDown', 's');
		await expect.poll(() => query(page)).toBe('?spans=1-2');
		await press(page, ']', '}');
		await expect.poll(() => query(page)).toBe('?spans=2-4');
		await press(page, 'Delete');
		await page.getByRole('status').getByText('Removed span 2–4.').waitFor();
		for (const spans of ['2-4', '1-3', '1-2']) {
			await press(page, 'Control+z');
			await expect.poll(() => query(page)).toBe(`?spans=${spans}`);
		}
		await press(page, 'Control+Shift+z');
		await expect.poll(() => query(page)).toBe('?spans=1-3');
		// Back does as undo.
		await page.goBack();
		await expect.poll(() => query(page)).toBe('?spans=1-2');
		await planOf(page).getByText('1 of 8 layers').waitFor();
	});
	it('undoes and redoes from wherever the focus is, and says what a change replaced', async () => {
		const page = await visit(run('?spans=2-3'));
		await mapOf(page).waitFor();
		const said = (text: string) => page.getByRole('status').getByText(text).waitFor();
		const refused = (text: string) => page.getByRole('alert').getByText(text).waitFor();
		await tabTo(page, 'grid');
		const [down, right] = ['ArrowDown', 'ArrowRight'].map((key) => Array<string>(4).fill(key));
		await press(page, ...down, ...right, 's');
		await said('Span 3–4 replaced span 2–3.');
		expect(query(page)).toBe('?spans=3-4');
		await press(page, 'Control+z');
		await said('Plan change undone.');
		expect(query(page)).toBe('?spans=2-3');
		await press(page, 'Control+z');
		await refused('There is no change of the plan to undo.');
		await press(page, 'Control+Shift+z');
		await said('Plan change redone.');
		expect(query(page)).toBe('?spans=3-4');
		await press(page, 'Control+Shift+z');
		await refused('There is no change of the plan to redo.');

		await tabTo(page, 'by hand');
		await press(page, 'ArrowLeft');
		await said('Replaced the plan drawn by hand: 4←3.');
		await tabTo(page, 'Undo');
		await press(page, 'Enter');
		await said('Plan change undone.');
		await expect.poll(() => query(page)).toBe('?spans=3-4');
		// The button now redoes, and what it redid is undone from the slider that it brought back.
		await press(page, 'Enter');
		await said('Plan change redone.');
		await tabTo(page, 'At least');
		await press(page, 'ArrowLeft', 'Control+z');
		await said('Plan change undone.');
		await press(page, 'Control+z');
		await expect.poll(() => query(page)).toBe('?spans=3-4');
		await planOf(page).getByRole('button', { name: 'Choose the span of layer 3' }).waitFor();
	});
	it('holds the longest span, and says which spans a new one replaced', async () => {
		const page = await visit(run('?spans=2-3&max=2'));
		await planOf(page).getByRole('button', { name: 'Choose the span of layer 2' }).click();
		await press(page, ']');
		const refused = page.getByRole('alert');
		await refused.getByText('Layers 2–4: 3 layers, and the longest span is 2.').waitFor();
		expect(query(page)).toBe('?spans=2-3&max=2');
		await page.getByRole('button', { name: 'Use span 3-4 in the plan' }).click();
		await page.getByRole('status').getByText('Span 3–4 replaced span 2–3.').waitFor();
		await planOf(page).getByLabel('Longest span').fill('0');
		await press(page, 'Enter');
		await page
			.getByRole('alert')
			.getByText('Longest span: found “0”; expected a whole number of layers from 2 to 8.')
			.waitFor();
	});
	it('says why a range of colours is none', async () => {
		const page = await visit(run('?range=0.6,1'));
		const scale = page
			.getByRole('region', { name: 'Layer by layer' })
			.getByRole('group', { name: /^Colour scale/ });
		await scale.getByLabel('Lowest value').fill('2');
		await press(page, 'Enter');
		await scale
			.getByRole('alert')
			.getByText('2 was not taken: the lowest value must be below the highest, 1.00.')
			.waitFor();
		expect(query(page)).toBe('?range=0.6,1');
		await scale.getByLabel('Lowest value').fill('0.5');
		await press(page, 'Enter');
		await expect.poll(() => query(page)).toBe('?range=0.5,1');
		expect(await scale.getByRole('alert').count()).toBe(0);
	});
	it('shows the keys by ? and closes them by Esc', async () => {
		const page = await visit(run());
		await mapOf(page).waitFor();
		await press(page, '?');
		const keys = page.getByRole('dialog', { name: 'Keys' });
		await keys.waitFor();
		await press(page, 'Escape');
		await keys.waitFor({ state: 'hidden' });
	});
});

describe('dark mode', () => {
	it.each([
		['by the system', 'dark'],
		['by choice', 'light']
	] as const)('reaches page, panels and canvas %s', async (how, colorScheme) => {
		const page = await visit(run('?range=0,1'), { colorScheme });
		await mapOf(page).waitFor();
		const before = await coloursOf(page);
		if (how === 'by choice') {
			expect(await backgrounds(page)).toEqual(['light', 'light', 'light']);
			const theme = page.getByRole('button', { name: 'Theme' });
			await theme.click();
			await theme.click();
		}
		await expect.poll(() => backgrounds(page)).toEqual(['dark', 'dark', 'dark']);
		// What is measured keeps its colour: a value looks the same to both readers.
		expect(await coloursOf(page)).toEqual(before);
	});
});

describe('a plan from a file', () => {
	const plan = (changes: Record<string, unknown>) => ({
		format: 'spanwise/plan',
		version: 1,
		kind: 'attention-weights',
		model: {
			name: 'eight',
			architecture: 'LlamaForCausalLM',
			layers: 8,
			heads: 2,
			kvHeads: 1,
			hash: '00112233445566778899aabbccddeeff'
		},
		sources: [0, 1, 2, 2, 2, 5, 6, 7],
		spans: [{ source: 2, followers: [3, 4], headMap: 'identity', score: 0.9 }],
		definition: null,
		predicted: null,
		measured: null,
		createdBy: { name: 'spanwise', version: '0.1.0' },
		createdAt: '2026-11-23T06:15:03.000Z',
		...changes
	});
	async function open(page: Page, content: unknown) {
		await mapOf(page).waitFor();
		await page.getByLabel('Import').setInputFiles({
			name: 'mine.json',
			mimeType: 'application/json',
			buffer: Buffer.from(typeof content === 'string' ? content : JSON.stringify(content))
		});
	}

	it('is shown on the map', async () => {
		const page = await visit(run());
		await open(page, plan({}));
		await planOf(page).getByText('2 of 8 layers').waitFor();
		await expect.poll(() => query(page)).toMatch(/^\?spans=2-4&file=[0-9a-f]{8}$/);
		expect(await planOf(page).getByRole('alert').count()).toBe(0);
		// It is the plan from the file after a reload, too, and the one before it is a step back.
		await page.reload();
		await hydrated(page);
		await planOf(page).getByText('Made 2026-11-23 for eight.').waitFor();
		await page.goBack();
		await expect.poll(() => page.url()).toBe(run());
	});
	it('made for other weights is shown with a warning', async () => {
		const page = await visit(run());
		const other = { ...plan({}).model, hash: 'ffeeddccbbaa99887766554433221100' };
		await open(page, plan({ model: other }));
		const warning = planOf(page).getByRole('alert').getByText('this model, eight');
		await warning.waitFor();
		await planOf(page).getByText('2 of 8 layers').waitFor();
		// A second file that cannot be opened hides neither.
		await open(page, { hello: 1 });
		await planOf(page).getByRole('alert').getByText('mine.json: not a plan').waitFor();
		await warning.waitFor();
	});
	it.each([
		['is no JSON', 'sources: 1', 'mine.json: not JSON; expected a plan or a Shared Attention list'],
		['is no plan', { hello: 1 }, 'mine.json: not a plan; expected format "spanwise/plan"'],
		[
			'has a source after its follower',
			plan({ sources: [0, 1, 3, 3, 4, 5, 6, 7], spans: [] }),
			/^mine\.json: .*layer 2.*3/
		],
		[
			'has another number of layers',
			plan({
				model: { ...plan({}).model, layers: 4 },
				sources: [0, 1, 1, 3],
				spans: [{ source: 1, followers: [2], headMap: 'identity', score: 0.9 }]
			}),
			/4 layers; eight has 8/
		]
	])('that %s is refused with its reason, and the plan stays', async (_, content, message) => {
		const page = await visit(run('?spans=1-2'));
		await open(page, content);
		await planOf(page).getByRole('alert').getByText(message).waitFor();
		await planOf(page).getByText('1 of 8 layers').waitFor();
		expect(query(page)).toBe('?spans=1-2');
	});
});

async function coloursOf(page: Page): Promise<number[][][]> {
	return cellColours(await canvasOf(mapOf(page)), MADE_UP.layers, MADE_UP.layers);
}

function colourOf(scale: ColourScale, row: number, column: number): number[] {
	const entry = tableIndex(scale, MADE_UP.matrix[row * MADE_UP.layers + column]);
	return [...scale.table.subarray(entry * 3, entry * 3 + 3), 255];
}

function grid<T>(cell: (row: number, column: number) => T): T[][] {
	const indices = Array.from({ length: MADE_UP.layers }, (_, index) => index);
	return indices.map((row) => indices.map((column) => cell(row, column)));
}

async function press(page: Page, ...keys: string[]): Promise<void> {
	for (const key of keys) await page.keyboard.press(key);
}

/** Presses Tab until something of that role, or of that label or text, has the focus. */
async function tabTo(page: Page, wanted: string): Promise<void> {
	for (let presses = 0; presses < 60; presses++) {
		await page.keyboard.press('Tab');
		const focused = await page.evaluate(() => {
			const active = document.activeElement;
			const label = active instanceof HTMLInputElement ? active.labels?.[0] : active;
			return [active?.getAttribute('role'), label?.textContent.trim()];
		});
		if (focused.includes(wanted)) return;
	}
	throw new Error(`nothing called ${wanted} in 60 presses of Tab`);
}

/** Are the page, the map's panel and the ground of its canvas light or dark? */
async function backgrounds(page: Page): Promise<string[]> {
	const places = [
		page.locator('html'),
		page.getByRole('region', { name: 'Layer by layer' }),
		mapOf(page).locator('canvas')
	];
	const colours = places.map((place) =>
		place.evaluate((element) => getComputedStyle(element).backgroundColor)
	);
	return (await Promise.all(colours)).map((colour) => {
		const parts = [...colour.matchAll(/[\d.]+/g)].map(Number);
		return Math.max(...parts.slice(0, 3)) < 80 ? 'dark' : 'light';
	});
}
