import { findOnPath, type Places } from './candidates.ts';

export type Command = readonly [string, ...string[]];

/** One way of getting a browser: commands that must all succeed, in order. */
export interface Way {
	title: string;
	commands: Command[];
}

export interface Rights {
	isRoot: boolean;
	/** `sudo -n true` succeeded: commands may be run as root without a password. */
	sudoWithoutPassword: boolean;
}

interface PackageManager {
	name: string;
	needsRoot: boolean;
	/** Arguments of the calls that install Chromium. */
	calls: string[][];
}

const PACKAGE_MANAGERS: PackageManager[] = [
	{
		name: 'apt-get',
		needsRoot: true,
		calls: [
			['update', '-q'],
			['install', '-y', '-q', '--no-install-recommends', 'chromium']
		]
	},
	{ name: 'dnf', needsRoot: true, calls: [['install', '-y', 'chromium']] },
	{ name: 'apk', needsRoot: true, calls: [['add', '--no-cache', 'chromium']] },
	{ name: 'pacman', needsRoot: true, calls: [['-Sy', '--noconfirm', 'chromium']] },
	{ name: 'brew', needsRoot: false, calls: [['install', '--cask', 'chromium']] }
];

/**
 * Lists the ways in which this machine may get a Chromium, likeliest first: the system's package manager, which also
 * brings the libraries that Chromium needs; Playwright's own download; and for that download the libraries alone.
 * `playwright` is the command that runs playwright-core.
 */
export function waysToGetBrowser(places: Places, rights: Rights, playwright: Command): Way[] {
	const asRoot: string[] | null = rights.isRoot
		? []
		: rights.sudoWithoutPassword
			? ['sudo', '-n']
			: null;
	const ways: Way[] = [];
	const manager = PACKAGE_MANAGERS.find(({ name }) => findOnPath(name, places) !== null);
	if (manager) {
		const prefix = manager.needsRoot ? asRoot : [];
		if (prefix) {
			ways.push({
				title: `${manager.name} install chromium`,
				commands: manager.calls.map((call) => commandOf([...prefix, manager.name, ...call]))
			});
		}
	}
	ways.push({
		title: 'playwright-core install chromium',
		commands: [[...playwright, 'install', 'chromium']]
	});
	if (manager?.name === 'apt-get' && asRoot) {
		ways.push({
			title: 'playwright-core install-deps chromium',
			commands: [commandOf([...asRoot, ...playwright, 'install-deps', 'chromium'])]
		});
	}
	return ways;
}

function commandOf([program = '', ...rest]: string[]): Command {
	return [program, ...rest];
}
