import { parseJson } from '$analysis/edge/parse.ts';
import { quoted } from '$analysis/edge/quote.ts';
import type { Gates } from '$analysis/evaluate/types.ts';
import type { SamplesAnswer } from '../api.ts';

/**
 * Samples that a form starts with: search reads some, evaluation others, so that a plan is not judged on the
 * text that it was made on.
 */
const DEFAULT_SAMPLES: Readonly<Record<'evaluate' | 'search', readonly string[]>> = {
	evaluate: ['walden', 'through-the-looking-glass'],
	search: ['hound-of-the-baskervilles', 'time-machine']
};

export function defaultSamples(samples: SamplesAnswer, form: 'evaluate' | 'search'): string[] {
	const known = DEFAULT_SAMPLES[form].filter((id) => samples.some((sample) => sample.id === id));
	return known.length > 0 ? known : samples.slice(0, 1).map(({ id }) => id);
}

/** Gates of the form's fields; percentages become shares, and empty fields no gates. */
export function gatesFrom(fields: {
	maxLossIncrease: number | null | undefined;
	minAgreementPercent: number | null | undefined;
	maxAccuracyDropPercent: number | null | undefined;
}): Gates {
	const { maxLossIncrease, minAgreementPercent, maxAccuracyDropPercent } = fields;
	return {
		...(maxLossIncrease != null && { maxLossIncrease }),
		...(minAgreementPercent != null && { minAgreement: minAgreementPercent / 100 }),
		...(maxAccuracyDropPercent != null && { maxAccuracyDrop: maxAccuracyDropPercent / 100 })
	};
}

/** A file's text as JSON. Throws an Error that names the file. */
export function planFromText(text: string, name: string): unknown {
	try {
		return parseJson(text, name);
	} catch (cause) {
		throw new Error(`${quoted(name)}: not JSON; expected a plan that Spanwise saved`, { cause });
	}
}
