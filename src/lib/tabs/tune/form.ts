import type { ModelFacts } from '$analysis/model/checkpoint/types.ts';
import { TUNE_DEFAULTS } from '$analysis/measure/tune/defaults.ts';
import type { Tune } from '$analysis/measure/tune/types.ts';
import type { StoredResult } from '$analysis/measure/results/types.ts';
import type { NewMeasurementOf, SamplesAnswer } from '../../client/api.ts';
import { askedQuestions, type QuestionFields } from '../../forms/questions.ts';
import { choicesOf, sampleChoices, textsOf, type TextChoices } from '../../forms/textChoices.ts';
import type { AskedPlan } from '../../measure/askedPlan.ts';

type NewTune = NewMeasurementOf<'tune'>;

/** Contents of the form of a tuning, its plan apart; null: an empty number. */
export interface TuneFields extends QuestionFields {
	texts: TextChoices;
	context: number | null;
	windows: number | null;
	steps: number | null;
	batch: number | null;
	/** null: the default of what is trained. */
	learningRate: number | null;
	distillPercent: number | null;
	/** Rank of adapters; null: all weights. */
	lora: number | null;
	compare: boolean;
	device: string;
}

/** Returns the initial contents of the form: the command's defaults, as far as the model allows. */
export function tuneFields(
	{ maxPositions }: Pick<ModelFacts, 'maxPositions'>,
	samples: SamplesAnswer
): TuneFields {
	const { context, windows, steps, batch, distill, compare, device } = TUNE_DEFAULTS;
	return {
		texts: sampleChoices(samples, TUNE_DEFAULTS.samples),
		context: Math.min(context, maxPositions),
		...{ windows, steps, batch, compare, device, learningRate: null, lora: null },
		distillPercent: 100 * distill,
		task: 'none',
		questions: null
	};
}

/** The settings of a tuning that is open; questions, which are not kept, stay as they were. */
export function tuneFieldsOf(
	{ texts, context, windows }: Pick<StoredResult, 'texts' | 'context' | 'windows'>,
	{ report: { settings } }: Tune,
	samples: SamplesAnswer,
	before: TuneFields
): TuneFields {
	const { steps, batch, learningRate, distill, lora, compare, device } = settings;
	return {
		...before,
		texts: choicesOf(texts, samples) ?? before.texts,
		...{ context, windows, steps, batch, learningRate, lora, compare, device },
		distillPercent: 100 * distill
	};
}

/** Builds the request of a tuning; null: a text or a number is missing. */
export function tuneRequest(run: string, fields: TuneFields, asked: AskedPlan): NewTune | null {
	const { context, windows, steps, batch, distillPercent } = fields;
	const { learningRate, lora, compare, device } = fields;
	const texts = textsOf(fields.texts);
	if (texts.length === 0 || context === null || windows === null) return null;
	if (steps === null || batch === null || distillPercent === null) return null;
	const questions = askedQuestions(fields);
	if (questions === undefined) return null;
	return {
		...{ kind: 'tune', run, texts, context, windows, steps, batch, learningRate, lora },
		...{ distill: distillPercent / 100, compare, device, questions },
		...asked
	};
}
