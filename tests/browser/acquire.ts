import { browserCandidates, type Places } from './candidates.ts';
import type { Command, Way } from './ways.ts';

/** A Chromium that was seen to start. */
export interface Browser {
	executablePath: string;
	/** True if its sandbox works here; it does not for root, nor where user namespaces are forbidden. */
	chromiumSandbox: boolean;
}

export interface Actions {
	/** Starts and ends a browser; rejects where it does not start. */
	tryLaunch: (browser: Browser) => Promise<void>;
	/** Runs a command; rejects with a reason where it fails. */
	run: (command: Command) => Promise<void>;
	say: (line: string) => void;
}

const ADVICE =
	'Install Chromium or Chrome (Debian: apt-get install chromium; Fedora: dnf install chromium; anywhere: npx playwright-core install chromium), or name one by SPANWISE_CHROMIUM.';

/**
 * A Chromium that starts: one this machine has, or else one it gets in the first of `ways` that works.
 * Rejects, with what was tried and what to install, where there is none to be had: the tests in the browser
 * are never left out.
 */
export async function acquireBrowser(
	places: Places,
	isRoot: boolean,
	waysToGet: () => Way[],
	actions: Actions
): Promise<Browser> {
	const problems = new Map<string, string>();
	const found = await firstThatStarts(places, isRoot, actions, problems);
	if (found) return found;
	// One that was named and does not start is the user's to mend.
	for (const { title, commands } of places.env.SPANWISE_CHROMIUM ? [] : waysToGet()) {
		actions.say(`no Chromium that starts; trying: ${title}`);
		try {
			for (const command of commands) await actions.run(command);
		} catch (error) {
			problems.set(title, reasonOf(error));
			continue;
		}
		const gotten = await firstThatStarts(places, isRoot, actions, problems);
		if (gotten) return gotten;
	}
	const tried = [...problems].map(([what, why]) => `  ${what}: ${why}`);
	throw new Error(['No Chromium to test in.', ...tried, ADVICE].join('\n'));
}

async function firstThatStarts(
	places: Places,
	isRoot: boolean,
	{ tryLaunch }: Actions,
	problems: Map<string, string>
): Promise<Browser | null> {
	for (const executablePath of browserCandidates(places)) {
		for (const chromiumSandbox of isRoot ? [false] : [true, false]) {
			try {
				await tryLaunch({ executablePath, chromiumSandbox });
				return { executablePath, chromiumSandbox };
			} catch (error) {
				problems.set(executablePath, reasonOf(error));
			}
		}
	}
	return null;
}

/** The first line says what; the rest is a log. */
function reasonOf(error: unknown): string {
	const message = error instanceof Error ? error.message : String(error);
	return message.split('\n', 1)[0] ?? '';
}
