import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differenceFromBaseline } from './setup/baseline.ts';
import { serveGallery, type ServedGallery } from './setup/gallery.ts';
import { useVisitor } from './setup/visitor.ts';

const { visit } = useVisitor();
let gallery: ServedGallery;
beforeAll(async () => {
	gallery = await serveGallery();
});
afterAll(() => gallery.stop());

/** Scenes whose drawings are compared with pictures; texts are not, for fonts differ between machines. */
const DRAWN = [
	'Map: similarity',
	'Map: damage',
	'Curves: of a run',
	'Scatter: damage measured',
	'Pair: head by head',
	'Monitor: of a run',
	'Token maps: of two heads',
	'Evaluate: measured',
	'Deployment: measured',
	'Search: measured',
	'Compare: curves: two models of unlike depth',
	'Compare: maps: two models of unlike depth'
];
/** Smaller ones are marks in a text. */
const LEAST_DRAWING = 60;

const panel = (name: string) => visit(`${gallery.url}?panel=${encodeURIComponent(name)}`);
const scene = (page: Page, name: string) => page.getByRole('region', { name, exact: true }).first();

describe('the gallery', () => {
	it('has every panel', () => {
		const shown = new Set(gallery.modules.map((file) => basename(file)));
		const panels = readdirSync('src/lib', { recursive: true, encoding: 'utf8' })
			.filter((file) => file.endsWith('Panel.svelte'))
			.map((file) => basename(file));
		expect(panels.length).toBeGreaterThan(25);
		expect(panels.filter((file) => !shown.has(file))).toEqual([]);
	});

	it('shows every state of every panel without a fault', async () => {
		const page = await visit(gallery.url);
		await page.getByRole('region', { name: 'Model: a model that cannot be read' }).waitFor();
		await expect.poll(() => page.locator('[data-scene]').count()).toBeGreaterThan(50);
		await expect.poll(() => page.locator('[data-broken]').allTextContents()).toEqual([]);
	});

	it('is drawn as it was', async () => {
		const page = await visit(gallery.url);
		await page.addStyleTag({ content: 'text { visibility: hidden }' });
		const differences: string[] = [];
		for (const name of DRAWN) {
			const found = await drawingsOf(scene(page, name));
			expect(found.length, name).toBeGreaterThan(0);
			for (const [index, drawing] of found.entries()) {
				const file = `${name}-${index}`.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase();
				const difference = differenceFromBaseline(file, await pictureOf(page, drawing));
				if (difference !== null) differences.push(difference);
			}
		}
		expect(differences).toEqual([]);
	});
});

describe('a menu', () => {
	it('goes through what can be chosen by the arrow keys, around its ends, and closes by Esc', async () => {
		const page = await panel('Menu');
		const focused = () => page.evaluate(() => document.activeElement?.textContent.trim());
		const button = page.getByRole('button', { name: 'Save' });
		await button.focus();
		for (const expected of [/^PNG/, /^CSV/, /^PDF/, /^Save/, /^PNG/]) {
			await page.keyboard.press('ArrowDown');
			await expect.poll(focused).toMatch(expected);
		}
		await page.keyboard.press('Escape');
		await page.getByRole('menu').waitFor({ state: 'detached' });
	});
	it('does what is chosen, and says what failed', async () => {
		const page = await panel('Menu');
		await page.getByRole('button', { name: 'Save' }).click();
		expect(await page.getByRole('menuitem', { name: 'NPY' }).isDisabled()).toBe(true);
		await page.getByRole('menuitem', { name: /^CSV/ }).click();
		await page.getByText('chosen: CSV').waitFor();
		await page.getByRole('button', { name: 'Save' }).click();
		await page.getByRole('menuitem', { name: /^PDF/ }).click();
		await page.getByRole('alert').getByText('no printer').waitFor();
	});
	it('closes when the focus leaves it', async () => {
		const page = await panel('Menu');
		await page.getByRole('button', { name: 'Save' }).click();
		await page.getByRole('menu').waitFor();
		await page.getByRole('link', { name: 'All panels' }).focus();
		await page.getByRole('menu').waitFor({ state: 'detached' });
	});
});

describe('the palette', () => {
	const open = async () => {
		const page = await panel('Palette');
		await page.getByRole('button', { name: 'Open' }).click();
		await page.getByRole('option', { name: /Theme: dark/ }).waitFor();
		const selected = () => page.locator('[role=option][aria-selected=true]').innerText();
		return { page, selected };
	};
	it('goes around its ends by the arrow keys, and does what is chosen by Enter', async () => {
		const { page, selected } = await open();
		for (const expected of [/hellinger/, /Redo it/, /dark/, /cosine/]) {
			await page.keyboard.press('ArrowDown');
			await expect.poll(selected).toMatch(expected);
		}
		await page.keyboard.press('ArrowUp');
		await page.keyboard.press('Enter');
		await page.getByText('done: Theme: dark').waitFor();
		expect(await page.getByRole('combobox').count()).toBe(0);
		const focused = () => page.evaluate(() => document.activeElement?.textContent);
		await expect.poll(focused).toBe('Open');
	});
	it('names the option that is current to screen readers, and keeps open what cannot be done', async () => {
		const { page, selected } = await open();
		await page.keyboard.type('redo');
		await expect.poll(selected).toMatch(/Redo it\s+nothing to redo/);
		const active = await page.getByRole('combobox').getAttribute('aria-activedescendant');
		await expect.poll(() => page.getByRole('option').getAttribute('id')).toBe(active);
		await page.keyboard.press('Enter');
		await page.getByRole('combobox').waitFor();
		await page.keyboard.press('Escape');
		await page.getByRole('combobox').waitFor({ state: 'detached' });
		await page.getByText('done: nothing').waitFor();
	});
});

describe('a slider', () => {
	it('moves by keys, and its number is held between the ends', async () => {
		const page = await panel('Slider');
		await page.getByRole('slider', { name: 'Threshold' }).focus();
		await page.keyboard.press('ArrowRight');
		await page.getByText('threshold: 0.6').waitFor();
		const field = page.getByRole('spinbutton', { name: 'Threshold' });
		await field.fill('7');
		await page.keyboard.press('Enter');
		await page.getByText('threshold: 1', { exact: true }).waitFor();
		await expect.poll(() => field.inputValue()).toBe('1');
		await field.fill('');
		await page.keyboard.press('Enter');
		await expect.poll(() => field.inputValue()).toBe('1');
	});
});

describe('tabs', () => {
	it('follow the arrow keys around, Home and End, and show their part alone', async () => {
		const page = await panel('Tabs');
		await page.getByRole('tab', { name: 'One' }).focus();
		for (const [key, name] of [
			['ArrowLeft', 'Three'],
			['ArrowRight', 'One'],
			['End', 'Three'],
			['Home', 'One'],
			['ArrowRight', 'Two']
		]) {
			await page.keyboard.press(key);
			await page.getByRole('tab', { name, selected: true }).waitFor();
		}
		await expect.poll(() => page.getByRole('tabpanel').allInnerTexts()).toEqual(['part two']);
	});
});

describe('a dialog', () => {
	it('holds the focus, and closes by Esc, its cross, an action or a click beside it', async () => {
		const page = await panel('Dialog');
		const dialog = page.getByRole('dialog', { name: 'Delete this?' });
		const closings = [
			() => page.keyboard.press('Escape'),
			() => dialog.getByRole('button', { name: 'Close' }).click(),
			() => dialog.getByRole('button', { name: 'Keep it' }).click(),
			() => page.mouse.click(5, 5)
		];
		for (const close of closings) {
			await page.getByRole('button', { name: 'Ask' }).click();
			await dialog.waitFor();
			await page.keyboard.press('Tab');
			expect(
				await page.evaluate(() => document.activeElement?.closest('dialog, body')?.tagName)
			).toBe('DIALOG');
			await close();
			await page.getByText('closed', { exact: true }).waitFor();
			await dialog.waitFor({ state: 'hidden' });
		}
	});
});

describe('choices', () => {
	it('of a select leave out what is disabled', async () => {
		const page = await panel('Select');
		const select = page.getByRole('combobox', { name: 'Fruit' });
		await select.selectOption('plum');
		await page.getByText('fruit: plum').waitFor();
		expect(await select.getByRole('option', { name: 'Pear' }).isDisabled()).toBe(true);
	});
	it('of a segmented control follow the arrow keys', async () => {
		const page = await panel('Segmented');
		await page.getByRole('radio', { name: 'Small' }).focus();
		await page.keyboard.press('ArrowRight');
		await page.getByText('size: large').waitFor();
	});
});

/** Finds the drawings of a scene: canvases and charts of at least LEAST_DRAWING px a side. */
async function drawingsOf(within: Locator): Promise<Locator[]> {
	const found: Locator[] = [];
	for (const each of await within.locator('canvas, svg').all()) {
		const box = await each.boundingBox();
		if (box !== null && Math.min(box.width, box.height) >= LEAST_DRAWING) found.push(each);
	}
	return found;
}

/** A drawing by itself in the corner of the page, where no text before it moves it by a fraction of a pixel. */
async function pictureOf(page: Page, drawing: Locator): Promise<PNG> {
	const size = await drawing.evaluate((element) => {
		const { width, height } = element.getBoundingClientRect();
		element.setAttribute('data-drawn', element.getAttribute('style') ?? '');
		element.setAttribute(
			'style',
			`${element.getAttribute('style') ?? ''};position:fixed;left:0;top:0;margin:0;z-index:9999;background:white;width:${width}px;height:${height}px`
		);
		return { width: Math.round(width), height: Math.round(height) };
	});
	const picture = await page.screenshot({ clip: { x: 0, y: 0, ...size } });
	await drawing.evaluate((element) => {
		element.setAttribute('style', element.getAttribute('data-drawn') ?? '');
		element.removeAttribute('data-drawn');
	});
	return PNG.sync.read(picture);
}
