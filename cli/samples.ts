import { join } from 'node:path';
import { projectRoot } from '../analysis/projectRoot.ts';

const SAMPLES = join(projectRoot(), 'static', 'samples');

/** Files of bundled texts, by their ids. */
export function sampleFiles(ids: readonly string[]): string[] {
	return ids.map((id) => join(SAMPLES, `${id}.txt`));
}

/** What --help says of texts that are taken where none is named. */
export function samplesHelp(ids: readonly string[]): string {
	return `texts to read, UTF-8; - is stdin (default: the bundled ${ids.join(' and ')})`;
}
