import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'vite';
import { browserOfThisMachine, openBrowser } from '../tests/browser/machine.ts';
import type { PaintTimes } from './paint.ts';
import type { Report } from './report.ts';
import { summary } from './timing.ts';

/** A port of the bench's own, so that a running Spanwise is not in its way. */
const PORT = 5179;
const PAINT_REPEATS = 21;

/** A server of the built pages that has said where it listens. */
export interface ServedPages {
	url: string;
	stop(): Promise<void>;
}

/** Starts `spanwise serve` on a workspace; comes back when it listens. */
export async function servePages(root: string, home: string): Promise<ServedPages> {
	const command = join(root, 'dist', 'spanwise.js');
	const options = ['--no-token', '--port', String(PORT), '--home', home];
	const server = spawn(process.execPath, [command, 'serve', ...options], {
		stdio: ['ignore', 'pipe', 'inherit']
	});
	await once(createInterface(server.stdout), 'line');
	return {
		url: `http://127.0.0.1:${PORT}`,
		stop: async () => {
			server.kill('SIGTERM');
			await once(server, 'exit');
		}
	};
}

/** (d) from starting the server on an empty workspace to a heatmap on the page. */
export async function benchFirstHeatmap(report: Report, root: string, home: string): Promise<void> {
	const browser = await openBrowser(await browserOfThisMachine());
	const started = performance.now();
	const server = await servePages(root, home);
	try {
		const listening = performance.now() - started;
		const page = await browser.newPage();
		await page.goto(`${server.url}/`);
		await page.locator('canvas').first().waitFor({ timeout: 120_000 });
		const first = performance.now() - started;
		await page.locator('canvas').nth(1).waitFor({ timeout: 120_000 });
		const both = performance.now() - started;
		report.add({
			id: 'd',
			what: 'cold `spanwise serve` on the bundled pair: time to first heatmap',
			value: first / 1000,
			unit: 's',
			aim: { atMost: 10 },
			detail: `listening after ${(listening / 1000).toFixed(1)} s, both heatmaps after ${(both / 1000).toFixed(1)} s, in a browser that was open`
		});
	} finally {
		await server.stop();
		await browser.close();
	}
}

/** (e) painting maps in the browser, with the code of the pages. */
export async function benchPaint(report: Report, root: string): Promise<void> {
	const bundle = await build({
		configFile: false,
		logLevel: 'warn',
		publicDir: false,
		root,
		build: {
			write: false,
			lib: { entry: join(root, 'bench', 'paint.ts'), formats: ['iife'], name: 'bench' }
		}
	});
	const outputs = Array.isArray(bundle) ? bundle : [bundle];
	const code = outputs
		.flatMap((output) => ('output' in output ? output.output : []))
		.map((chunk) => (chunk.type === 'chunk' ? chunk.code : ''))
		.join('\n');
	const browser = await openBrowser(await browserOfThisMachine());
	try {
		const page = await browser.newPage();
		await page.addScriptTag({ content: code });
		const times: PaintTimes[] = [];
		for (const [size, pixels] of [
			[126, 756],
			[512, 1024]
		]) {
			times.push(
				await page.evaluate<PaintTimes>(`bench.paintTimes(${size}, ${pixels}, ${PAINT_REPEATS})`)
			);
		}
		for (const { size, pixels, milliseconds } of times) {
			const { medianMs, lowMs, highMs } = summary(milliseconds);
			report.add({
				id: 'e',
				what: `painting a ${size} × ${size} map on ${pixels} × ${pixels} pixels`,
				value: medianMs,
				unit: 'ms',
				aim: null,
				detail: `${lowMs.toFixed(1)}–${highMs.toFixed(1)} ms, ${PAINT_REPEATS} times, headless Chromium without a GPU; pixels read back, so that drawing has ended`
			});
		}
	} finally {
		await browser.close();
	}
}
