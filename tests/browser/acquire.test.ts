import { describe, expect, it } from 'vitest';
import { acquireBrowser, type Browser } from './acquire.ts';
import type { Command, Way } from './ways.ts';

/** A machine on which running `install X` makes the file X appear. */
class FakeMachine {
	readonly files = new Set<string>();
	readonly ran: string[] = [];
	/** Why a browser does not start, by its file; with `sandbox ` before it: in its sandbox only. */
	readonly faults = new Map<string, string>();
	env: Record<string, string> = { PATH: '/bin' };
	isRoot = true;

	acquire(ways: Way[] = []): Promise<Browser> {
		return acquireBrowser(
			{
				platform: 'linux',
				env: this.env,
				playwrightExecutable: '/cache/chrome',
				isFile: (path) => this.files.has(path)
			},
			this.isRoot,
			() => ways,
			{
				tryLaunch: ({ executablePath, chromiumSandbox }) => {
					const fault =
						this.faults.get(executablePath) ??
						(chromiumSandbox ? this.faults.get(`sandbox ${executablePath}`) : undefined);
					return fault === undefined ? Promise.resolve() : Promise.reject(new Error(fault));
				},
				run: (command) => this.#run(command),
				say: () => undefined
			}
		);
	}

	#run([program, file = '']: Command): Promise<void> {
		this.ran.push(`${program} ${file}`);
		if (program !== 'install') return Promise.reject(new Error('ended with exit code 100'));
		this.files.add(file);
		return Promise.resolve();
	}
}

const PACKAGE: Way = { title: 'package', commands: [['install', '/bin/chromium']] };
const NO_NETWORK: Way = { title: 'package', commands: [['refuse'], ['install', '/bin/chromium']] };
const DOWNLOAD: Way = { title: 'download', commands: [['install', '/cache/chrome']] };

describe('acquireBrowser', () => {
	it('takes what is there and installs nothing', async () => {
		const machine = new FakeMachine();
		machine.files.add('/bin/chromium');
		expect(await machine.acquire([DOWNLOAD])).toEqual({
			executablePath: '/bin/chromium',
			chromiumSandbox: false
		});
		expect(machine.ran).toEqual([]);
	});
	it('passes over one that does not start', async () => {
		const machine = new FakeMachine();
		machine.files.add('/bin/chromium').add('/bin/google-chrome');
		machine.faults.set('/bin/chromium', 'requires the chromium snap');
		expect((await machine.acquire()).executablePath).toBe('/bin/google-chrome');
	});
	it('keeps the sandbox for users other than root, unless it does not work', async () => {
		const machine = new FakeMachine();
		machine.files.add('/bin/chromium');
		machine.isRoot = false;
		expect((await machine.acquire()).chromiumSandbox).toBe(true);
		machine.faults.set('sandbox /bin/chromium', 'No usable sandbox!');
		expect((await machine.acquire()).chromiumSandbox).toBe(false);
	});
	it('installs one where there is none, by the first way only', async () => {
		const machine = new FakeMachine();
		expect((await machine.acquire([PACKAGE, DOWNLOAD])).executablePath).toBe('/bin/chromium');
		expect(machine.ran).toEqual(['install /bin/chromium']);
	});
	it('goes on to the next way where a command fails, leaving out those after it', async () => {
		const machine = new FakeMachine();
		expect((await machine.acquire([NO_NETWORK, DOWNLOAD])).executablePath).toBe('/cache/chrome');
		expect(machine.ran).toEqual(['refuse ', 'install /cache/chrome']);
	});
	it('goes on to the next way where what was installed does not start', async () => {
		const machine = new FakeMachine();
		machine.faults.set('/bin/chromium', 'requires the chromium snap');
		expect((await machine.acquire([PACKAGE, DOWNLOAD])).executablePath).toBe('/cache/chrome');
	});
	it('fails with all it tried and what to install where none can be had', async () => {
		const machine = new FakeMachine();
		machine.faults.set('/cache/chrome', 'libnss3.so: cannot open shared object file\nlog');
		await expect(machine.acquire([NO_NETWORK, DOWNLOAD])).rejects.toThrow(
			[
				'No Chromium to test in.',
				'  package: ended with exit code 100',
				'  /cache/chrome: libnss3.so: cannot open shared object file',
				'Install Chromium or Chrome (Debian: apt-get install chromium;'
			].join('\n')
		);
	});
	it('installs nothing in place of a named one that does not start', async () => {
		const machine = new FakeMachine();
		machine.env = { SPANWISE_CHROMIUM: '/my/chrome' };
		machine.files.add('/my/chrome');
		machine.faults.set('/my/chrome', 'Exec format error');
		await expect(machine.acquire([PACKAGE])).rejects.toThrow('/my/chrome: Exec format error');
		expect(machine.ran).toEqual([]);
	});
});
