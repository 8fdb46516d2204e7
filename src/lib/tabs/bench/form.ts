import { BENCH_DEFAULTS } from '$analysis/measure/bench/defaults.ts';
import type { BenchReport } from '$analysis/measure/bench/benchTypes.ts';
import { RECALL_DEFAULT, RECALL_OFF } from '$analysis/measure/recallSetting.ts';
import type { NewMeasurementOf, SamplesAnswer } from '../../client/api.ts';
import { choicesOf, sampleChoices, textsOf, type TextChoices } from '../../forms/textChoices.ts';
import type { AskedPlan } from '../../measure/askedPlan.ts';

type NewBench = NewMeasurementOf<'bench'>;

/** Contents of the form of a bench, its plan apart; null: an empty number. */
export interface BenchFields {
	/** On which the cost of the plan is measured. */
	texts: TextChoices;
	recall: boolean;
	dtype: NonNullable<NewBench['dtype']>;
	prompt: number | null;
	generate: number | null;
	batch: number | null;
	repeats: number | null;
}

/** Returns the initial contents of the form: the command's defaults, as far as the model has positions. */
export function benchFields(maxPositions: number, samples: SamplesAnswer): BenchFields {
	const generate = Math.max(1, Math.min(BENCH_DEFAULTS.generate, Math.floor(maxPositions / 2)));
	const prompt = Math.max(1, Math.min(BENCH_DEFAULTS.prompt, maxPositions - generate));
	const { samples: names, ...defaults } = BENCH_DEFAULTS;
	const texts = sampleChoices(samples, names);
	return { ...defaults, prompt, generate, texts, recall: RECALL_DEFAULT };
}

/** The settings of a bench that is open; texts that are not here stay as they were. */
export function benchFieldsOf(
	{ setting, dtype, cost = null, notes = [] }: BenchReport,
	samples: SamplesAnswer,
	before: BenchFields
): BenchFields {
	return {
		...setting,
		dtype: dtype === 'fp16' ? 'fp16' : 'fp32',
		texts: choicesOf(cost?.texts ?? [], samples) ?? before.texts,
		recall: !notes.includes(RECALL_OFF)
	};
}

/** Builds the request of a bench; null: a text or a number is missing. */
export function benchRequest(run: string, fields: BenchFields, asked: AskedPlan): NewBench | null {
	const { dtype, prompt, generate, batch, repeats, recall } = fields;
	const texts = textsOf(fields.texts);
	if (texts.length === 0) return null;
	if (prompt === null || generate === null || batch === null || repeats === null) return null;
	return {
		...{ kind: 'bench', run, texts, ...asked, dtype },
		...{ prompt, generate, batch, repeats, recall }
	};
}
