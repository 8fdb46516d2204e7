import { spawn, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { chromium, type Browser as OpenBrowser } from 'playwright-core';
import { acquireBrowser, type Browser } from './acquire.ts';
import type { Places } from './candidates.ts';
import { waysToGetBrowser, type Command } from './ways.ts';

/** Longest that one command of an installation may take. */
const INSTALL_TIMEOUT_MS = 300_000;
const PROBE_TIMEOUT_MS = 30_000;

const FLAGS = [
	'--disable-gpu',
	'--disable-background-networking',
	'--disable-component-update',
	'--no-first-run',
	// Colours are compared; a screen's profile must not change them.
	'--force-color-profile=srgb'
];

/** Opens the browser that `browserOfThisMachine` found. */
export function openBrowser({ executablePath, chromiumSandbox }: Browser): Promise<OpenBrowser> {
	return chromium.launch({
		executablePath,
		chromiumSandbox,
		args: FLAGS,
		timeout: PROBE_TIMEOUT_MS
	});
}

/** A Chromium on this machine, installed if need be; see acquireBrowser. */
export function browserOfThisMachine(): Promise<Browser> {
	const places: Places = {
		platform: process.platform,
		env: process.env,
		playwrightExecutable: chromium.executablePath(),
		isFile: (path) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
	};
	const isRoot = process.getuid?.() === 0;
	const { resolve } = createRequire(import.meta.url);
	const cli = join(dirname(resolve('playwright-core/package.json')), 'cli.js');
	return acquireBrowser(
		places,
		isRoot,
		() => {
			const sudoWithoutPassword =
				!isRoot && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
			return waysToGetBrowser(places, { isRoot, sudoWithoutPassword }, [process.execPath, cli]);
		},
		{
			tryLaunch: async (browser) => (await openBrowser(browser)).close(),
			run,
			say: (line) => console.error(line)
		}
	);
}

/** Runs a command with its output on stderr, so that a slow download is seen. Rejects if it fails. */
function run([program, ...args]: Command): Promise<void> {
	return new Promise((resolve, reject) => {
		const child = spawn(program, args, {
			stdio: ['ignore', 2, 2],
			timeout: INSTALL_TIMEOUT_MS,
			env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
		});
		child.on('error', reject);
		child.on('close', (code, signal) => {
			if (code === 0) resolve();
			else reject(new Error(`ended with ${signal ?? `exit code ${code ?? 'unknown'}`}`));
		});
	});
}
