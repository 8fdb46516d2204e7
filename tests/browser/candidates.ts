import { posix, win32 } from 'node:path';

/** Facts of a machine that decide where its browsers are; given as values, so that all can be tested on any. */
export interface Places {
	platform: NodeJS.Platform;
	env: Record<string, string | undefined>;
	/** Path of the Chromium that playwright-core downloads. */
	playwrightExecutable: string;
	isFile: (path: string) => boolean;
}

/** The usual names of Chromium and of browsers made from it. */
const NAMES = [
	'chromium',
	'chromium-browser',
	'google-chrome',
	'google-chrome-stable',
	'chrome',
	'microsoft-edge',
	'microsoft-edge-stable',
	'msedge'
];

const MAC_APPLICATIONS = ['Chromium', 'Google Chrome', 'Microsoft Edge'];

const WINDOWS_PROGRAMS = [
	'Chromium\\Application\\chrome.exe',
	'Google\\Chrome\\Application\\chrome.exe',
	'Microsoft\\Edge\\Application\\msedge.exe'
];

/**
 * The executables of this machine that may be a Chromium, likeliest first: the one that SPANWISE_CHROMIUM names
 * and no other where it is set, then those on PATH, in the platform's usual places, and Playwright's own.
 */
export function browserCandidates(places: Places): string[] {
	const named = places.env.SPANWISE_CHROMIUM;
	if (named) {
		if (!places.isFile(named)) {
			throw new Error(`SPANWISE_CHROMIUM: no file ${named}; expected the executable of Chromium`);
		}
		return [named];
	}
	const all = [...onPath(places), ...usualPlaces(places), places.playwrightExecutable];
	return [...new Set(all)].filter((path) => places.isFile(path));
}

/** The first file of that name on PATH, or null. */
export function findOnPath(name: string, places: Places): string | null {
	return onPath(places, [name]).find((path) => places.isFile(path)) ?? null;
}

function onPath({ platform, env }: Places, names = NAMES): string[] {
	const windows = platform === 'win32';
	const path = windows ? win32 : posix;
	const folders = (env.PATH ?? env.Path ?? '')
		.split(path.delimiter)
		.filter((folder) => folder !== '');
	return names.flatMap((name) =>
		folders.map((folder) => path.join(folder, windows ? `${name}.exe` : name))
	);
}

function usualPlaces({ platform, env }: Places): string[] {
	if (platform === 'darwin') {
		return ['/Applications', posix.join(env.HOME ?? '/', 'Applications')].flatMap((folder) =>
			MAC_APPLICATIONS.map((name) => posix.join(folder, `${name}.app/Contents/MacOS/${name}`))
		);
	}
	if (platform === 'win32') {
		return [env.ProgramFiles, env['ProgramFiles(x86)'], env.LOCALAPPDATA]
			.filter((folder) => folder !== undefined)
			.flatMap((folder) => WINDOWS_PROGRAMS.map((program) => win32.join(folder, program)));
	}
	return [
		...['/usr/bin', '/usr/local/bin', '/snap/bin'].flatMap((folder) =>
			NAMES.map((name) => posix.join(folder, name))
		),
		'/opt/google/chrome/chrome',
		'/opt/microsoft/msedge/msedge'
	];
}
