import type { Page } from 'playwright-core';
import { runFolder } from '../analysis/workspace/run/list.ts';
import { writeRun } from '../analysis/workspace/run/write.ts';
import { browserOfThisMachine, openBrowser } from '../tests/browser/machine.ts';
import { randomMaps, seeded, sumsOfMaps } from '../tests/builders/attention.ts';
import { madeUpRun } from '../tests/builders/run.ts';
import { servePages } from './pages.ts';
import type { Report } from './report.ts';
import { summary } from './timing.ts';

/** As deep as Llama 3.1 405B. */
const LAYERS = 126;
const HEADS = 4;
const TOKENS = 8;
const WINDOWS = 4;
const ID = 'deep-20261123-061503-a1b2';
const VISITS = 5;
const HOVERS = 120;

/** (k) the page of a run of 126 layers: time to its first map, and script that a move of the pointer over it takes. */
export async function benchDeepRun(report: Report, root: string, home: string): Promise<void> {
	await writeDeepRun(home);
	const server = await servePages(root, home);
	const browser = await openBrowser(await browserOfThisMachine());
	try {
		const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
		const firstMaps: number[] = [];
		for (let visit = 0; visit < VISITS; visit++) {
			await page.goto('about:blank');
			const started = performance.now();
			await page.goto(`${server.url}/runs/${ID}`);
			await page.locator('canvas').first().waitFor();
			firstMaps.push(performance.now() - started);
		}
		const { medianMs, lowMs, highMs } = summary(firstMaps);
		report.add({
			id: 'k',
			what: `a run of ${LAYERS} layers: time to its first map`,
			value: medianMs / 1000,
			unit: 's',
			aim: { atMost: 2 },
			detail: `${(lowMs / 1000).toFixed(2)}–${(highMs / 1000).toFixed(2)} s, ${VISITS} visits, in a browser that was open`
		});
		report.add({
			id: 'k',
			what: `a run of ${LAYERS} layers: script per move of the pointer over its map`,
			value: await scriptPerHover(page),
			unit: 'ms',
			aim: { atMost: 5 },
			detail: `mean of ${HOVERS} moves from cell to cell, by the browser’s own ScriptDuration`
		});
	} finally {
		await browser.close();
		await server.stop();
	}
}

async function scriptPerHover(page: Page): Promise<number> {
	const box = await page.locator('canvas').first().boundingBox();
	if (box === null) throw new Error('the map is not on the page');
	const session = await page.context().newCDPSession(page);
	await session.send('Performance.enable');
	const script = async () => {
		const { metrics } = await session.send('Performance.getMetrics');
		return metrics.find(({ name }) => name === 'ScriptDuration')?.value ?? NaN;
	};
	const before = await script();
	for (let move = 0; move < HOVERS; move++) {
		const [x, y] = [(move * 37) % 100, (move * 61) % 100].map((percent) => percent / 100);
		await page.mouse.move(box.x + x * box.width, box.y + y * box.height);
		await page.evaluate(() => new Promise(requestAnimationFrame));
	}
	return ((await script()) - before) * (1000 / HOVERS);
}

async function writeDeepRun(home: string): Promise<void> {
	const random = seeded(LAYERS);
	const { record, windows } = madeUpRun(ID);
	const each = <T>(value: T) => Array.from({ length: LAYERS }, () => value);
	const model = {
		...{ ...record.model, name: `made-up-${LAYERS}`, layers: LAYERS, heads: HEADS },
		reach: each(null)
	};
	const profile = { queriesPerWindow: TOKENS, entropyNats: each(1), firstTokenMass: each(0.5) };
	const maps = Array.from({ length: WINDOWS }, () => randomMaps(LAYERS, HEADS, TOKENS, random));
	const starts = Array.from({ length: WINDOWS }, (_, at) => ({
		...{ document: 0, start: at * 20, tokens: TOKENS }
	}));
	await writeRun(
		runFolder(home, ID),
		{
			...{ ...record, model, profile, context: TOKENS, tokens: WINDOWS * TOKENS, windows: starts }
		},
		[sumsOfMaps(maps)],
		{ windows: starts.map(() => ({ ...windows.windows[0] })) }
	);
}
