import { join } from 'node:path';
import { projectRoot } from '../analysis/projectRoot.ts';

const SAMPLES = join(projectRoot(), 'static', 'samples');

/**
 * Texts that damage and search are measured on where none is named. The questions that evaluation asks come from
 * the other bundled books.
 */
export const DEFAULT_TEXTS = ['hound-of-the-baskervilles.txt', 'time-machine.txt'].map((name) =>
	join(SAMPLES, name)
);

/** What --help says of it. */
export const DEFAULT_TEXTS_HELP =
	'texts to read, UTF-8; - is stdin (default: the bundled hound-of-the-baskervilles and time-machine)';
