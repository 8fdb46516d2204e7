import { join } from 'node:path';
import { projectRoot } from '../analysis/projectRoot.ts';

const SAMPLES = join(projectRoot(), 'static', 'samples');

/** Files of bundled texts, by their ids. */
export function sampleFiles(ids: readonly string[]): string[] {
	return ids.map((id) => join(SAMPLES, `${id}.txt`));
}

/** Returns the --help text of an option for texts; the bundled ones are its default. */
export function samplesHelp(ids: readonly string[]): string {
	return `texts to read, UTF-8; - is stdin (default: the bundled ${ids.join(' and ')})`;
}
