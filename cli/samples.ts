import { fileURLToPath } from 'node:url';

/** From cli/ and from dist/ alike. */
const SAMPLES = new URL('../static/samples/', import.meta.url);

/**
 * Texts that damage and search are measured on where none is named. The questions that evaluation asks come from
 * the other bundled books.
 */
export const DEFAULT_TEXTS = ['hound-of-the-baskervilles.txt', 'time-machine.txt'].map((name) =>
	fileURLToPath(new URL(name, SAMPLES))
);

/** What --help says of it. */
export const DEFAULT_TEXTS_HELP =
	'texts to read, UTF-8; - is stdin (default: the bundled hound-of-the-baskervilles and time-machine)';
