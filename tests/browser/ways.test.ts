import { describe, expect, it } from 'vitest';
import type { Places } from './candidates.ts';
import { waysToGetBrowser, type Rights } from './ways.ts';

const ROOT: Rights = { isRoot: true, sudoWithoutPassword: false };
const SUDO: Rights = { isRoot: false, sudoWithoutPassword: true };
const NOBODY: Rights = { isRoot: false, sudoWithoutPassword: false };

function ways(programs: string[], rights: Rights, platform: NodeJS.Platform = 'linux') {
	const files = programs.map((name) => `/usr/bin/${name}`);
	const places: Places = {
		platform,
		env: { PATH: '/usr/bin' },
		playwrightExecutable: '/cache/chrome',
		isFile: (path) => files.includes(path)
	};
	return waysToGetBrowser(places, rights, ['node', 'cli.js']).map(({ commands }) =>
		commands.map((command) => command.join(' '))
	);
}

const DOWNLOAD = ['node cli.js install chromium'];

describe('waysToGetBrowser', () => {
	it('asks the package manager first as root, then Playwright, then for libraries alone', () => {
		expect(ways(['apt-get'], ROOT)).toEqual([
			['apt-get update -q', 'apt-get install -y -q --no-install-recommends chromium'],
			DOWNLOAD,
			['node cli.js install-deps chromium']
		]);
	});
	it('goes through sudo where that asks for no password', () => {
		expect(ways(['apt-get'], SUDO)).toEqual([
			[
				'sudo -n apt-get update -q',
				'sudo -n apt-get install -y -q --no-install-recommends chromium'
			],
			DOWNLOAD,
			['sudo -n node cli.js install-deps chromium']
		]);
	});
	it('leaves the system alone where it may not change it', () => {
		expect(ways(['apt-get'], NOBODY)).toEqual([DOWNLOAD]);
	});
	it.each([
		['dnf', 'dnf install -y chromium'],
		['apk', 'apk add --no-cache chromium'],
		['pacman', 'pacman -Sy --noconfirm chromium']
	])('knows %s', (name, command) => {
		expect(ways([name], ROOT)).toEqual([[command], DOWNLOAD]);
	});
	it('needs no root for brew', () => {
		expect(ways(['brew'], NOBODY, 'darwin')).toEqual([['brew install --cask chromium'], DOWNLOAD]);
	});
	it('downloads where it knows no package manager', () => {
		expect(ways([], ROOT, 'win32')).toEqual([DOWNLOAD]);
	});
});
