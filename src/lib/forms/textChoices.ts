import type { SamplesAnswer, TextChoice } from '../client/api.ts';

/** Fields of a form about texts. Only the texts of the chosen kind are sent. */
export interface TextChoices {
	from: 'samples' | 'pasted' | 'files';
	/** Ids of the chosen samples. */
	samples: readonly string[];
	pasted: string;
	files: readonly { name: string; text: string }[];
}

/** Name of a pasted text in runs and captions. */
const PASTED_NAME = 'pasted text';

/** Samples that a form starts with: those of the names that there are, or else the first of all. */
export function sampleChoices(samples: SamplesAnswer, ids: readonly string[]): TextChoices {
	const known = ids.filter((id) => samples.some((sample) => sample.id === id));
	const chosen = known.length > 0 ? known : samples.slice(0, 1).map(({ id }) => id);
	return { from: 'samples', samples: chosen, pasted: '', files: [] };
}

/** The choice of the texts that a result was measured on; null where some are no samples, whose text is not here. */
export function choicesOf(
	texts: readonly { name: string }[],
	samples: SamplesAnswer
): TextChoices | null {
	const ids = texts.map(({ name }) => name.replace(/\.txt$/, ''));
	const known = ids.every((id) => samples.some((sample) => sample.id === id));
	return known && ids.length > 0 ? sampleChoices(samples, ids) : null;
}

/** The texts to be read; none while nothing usable is chosen. */
export function textsOf({ from, samples, pasted, files }: TextChoices): TextChoice[] {
	if (from === 'samples') return samples.map((sample) => ({ sample }));
	if (from === 'files') return files.map(({ name, text }) => ({ name, text }));
	return pasted.trim() === '' ? [] : [{ name: PASTED_NAME, text: pasted }];
}
