import { delimiter, join } from 'node:path';
import { quoted } from '../edge/quote.ts';
import { projectRoot } from '../projectRoot.ts';

/** The folder of the companion package, which needs no installation; what it imports does. */
export function companionFolder(): string {
	return join(projectRoot(), 'python');
}

/** This process's environment, in which Python finds the companion package. */
export function companionEnvironment(): Record<string, string | undefined> {
	const known = process.env.PYTHONPATH;
	const folder = companionFolder();
	return { ...process.env, PYTHONPATH: known ? `${folder}${delimiter}${known}` : folder };
}

/** Says why a Python ended, from what it wrote to stderr: the module that it lacks, or its last line. */
export function whyPythonFailed(words: string): string {
	const missing = /No module named '([\w.]+)'/.exec(words)?.[1];
	if (missing !== undefined) return `it has no module ${missing}`;
	const last = words.trim().split('\n').at(-1) ?? '';
	return quoted(last === '' ? 'it said nothing' : last);
}
