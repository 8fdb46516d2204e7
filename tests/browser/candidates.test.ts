import { describe, expect, it } from 'vitest';
import { browserCandidates, findOnPath, type Places } from './candidates.ts';

const PLAYWRIGHT = '/cache/ms-playwright/chromium-1/chrome';

function machine(files: string[], changes: Partial<Places> = {}): Places {
	return {
		platform: 'linux',
		env: { PATH: '/opt/bin:/usr/bin' },
		playwrightExecutable: PLAYWRIGHT,
		isFile: (path) => files.includes(path),
		...changes
	};
}

describe('browserCandidates', () => {
	it('finds none on a machine that has none', () => {
		expect(browserCandidates(machine([]))).toEqual([]);
	});
	it('prefers PATH to the usual places, and those to what Playwright downloaded', () => {
		const files = [PLAYWRIGHT, '/opt/google/chrome/chrome', '/opt/bin/chromium'];
		expect(browserCandidates(machine(files))).toEqual([
			'/opt/bin/chromium',
			'/opt/google/chrome/chrome',
			PLAYWRIGHT
		]);
	});
	it('prefers Chromium to Chrome to Edge, and names each file once', () => {
		const files = ['/usr/bin/msedge', '/usr/bin/google-chrome', '/usr/bin/chromium'];
		expect(browserCandidates(machine(files))).toEqual([
			'/usr/bin/chromium',
			'/usr/bin/google-chrome',
			'/usr/bin/msedge'
		]);
	});
	it('takes the one that SPANWISE_CHROMIUM names and no other', () => {
		const env = { PATH: '/usr/bin', SPANWISE_CHROMIUM: '/home/me/chrome' };
		expect(browserCandidates(machine(['/home/me/chrome', '/usr/bin/chromium'], { env }))).toEqual([
			'/home/me/chrome'
		]);
	});
	it('refuses a SPANWISE_CHROMIUM that is not there rather than take another', () => {
		const env = { PATH: '/usr/bin', SPANWISE_CHROMIUM: '/home/me/chrome' };
		expect(() => browserCandidates(machine(['/usr/bin/chromium'], { env }))).toThrow(
			'SPANWISE_CHROMIUM: no file /home/me/chrome; expected the executable of Chromium'
		);
	});
	it('looks into the applications of macOS', () => {
		const chrome = '/Users/me/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
		const env = { PATH: '/usr/bin', HOME: '/Users/me' };
		expect(browserCandidates(machine([chrome], { platform: 'darwin', env }))).toEqual([chrome]);
	});
	it('looks into the programs of Windows, and for .exe on its Path', () => {
		const edge = 'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe';
		const onPath = 'D:\\tools\\chrome.exe';
		const env = { Path: 'C:\\Windows;D:\\tools', 'ProgramFiles(x86)': 'C:\\Program Files (x86)' };
		expect(browserCandidates(machine([edge, onPath], { platform: 'win32', env }))).toEqual([
			onPath,
			edge
		]);
	});
});

describe('findOnPath', () => {
	it('returns the first in the order of PATH, and null where there is none', () => {
		const places = machine(['/usr/bin/apt-get', '/opt/bin/apt-get']);
		expect(findOnPath('apt-get', places)).toBe('/opt/bin/apt-get');
		expect(findOnPath('dnf', places)).toBeNull();
	});
});
