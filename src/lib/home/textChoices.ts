import type { TextChoice } from '../api.ts';

/** What the form holds of texts; only those of the chosen kind are sent. */
export interface TextChoices {
	from: 'samples' | 'pasted' | 'files';
	/** Ids of the chosen samples. */
	samples: readonly string[];
	pasted: string;
	files: readonly { name: string; text: string }[];
}

/** What a pasted text is called in runs and captions. */
export const PASTED_NAME = 'pasted text';

/** The texts to be read; none while nothing usable is chosen. */
export function textsOf({ from, samples, pasted, files }: TextChoices): TextChoice[] {
	if (from === 'samples') return samples.map((sample) => ({ sample }));
	if (from === 'files') return files.map(({ name, text }) => ({ name, text }));
	return pasted.trim() === '' ? [] : [{ name: PASTED_NAME, text: pasted }];
}
