import type { AskedPlan } from '../../measure/askedPlan.ts';
import type { ModelFacts } from '$analysis/model/checkpoint/types.ts';
import { EVALUATE_DEFAULTS } from '$analysis/measure/evaluate/defaults.ts';
import { RECALL_DEFAULT, RECALL_OFF } from '$analysis/measure/recallSetting.ts';
import type { Evaluation, Gates } from '$analysis/measure/evaluate/types.ts';
import type { StoredResult } from '$analysis/measure/results/types.ts';
import type { NewMeasurement, SamplesAnswer } from '../../client/api.ts';
import { choicesOf, sampleChoices, textsOf, type TextChoices } from '../../forms/textChoices.ts';

/** What the form of an evaluation holds, its plan apart; null: an empty number. */
export interface EvaluateFields {
	texts: TextChoices;
	context: number | null;
	windows: number | null;
	recall: boolean;
	task: 'none' | 'continuations' | 'file';
	questions: { name: string; text: string } | null;
	maxLossIncrease: number | null;
	minAgreementPercent: number | null;
	maxAccuracyDropPercent: number | null;
}

/** What the form starts with: the command's defaults, as far as the model allows. */
export function evaluateFields(
	{ maxPositions }: Pick<ModelFacts, 'maxPositions'>,
	samples: SamplesAnswer
): EvaluateFields {
	return {
		texts: sampleChoices(samples, EVALUATE_DEFAULTS.samples),
		context: Math.min(EVALUATE_DEFAULTS.context, maxPositions),
		windows: EVALUATE_DEFAULTS.windows,
		recall: RECALL_DEFAULT,
		task: 'none',
		questions: null,
		maxLossIncrease: null,
		minAgreementPercent: null,
		maxAccuracyDropPercent: null
	};
}

/** The settings of an evaluation that is open; questions, which are not kept, stay as they were. */
export function evaluateFieldsOf(
	{ texts, context, windows }: Pick<StoredResult, 'texts' | 'context' | 'windows'>,
	{ report, notes }: Evaluation,
	samples: SamplesAnswer,
	before: EvaluateFields
): EvaluateFields {
	const limitOf = (gate: keyof Gates) =>
		report.gates?.judged.find((judged) => judged.gate === gate)?.limit ?? null;
	const percent = (share: number | null) =>
		share === null ? null : Number((share * 100).toPrecision(12));
	return {
		...before,
		texts: choicesOf(texts, samples) ?? before.texts,
		context,
		windows,
		recall: !notes.includes(RECALL_OFF),
		maxLossIncrease: limitOf('maxLossIncrease'),
		minAgreementPercent: percent(limitOf('minAgreement')),
		maxAccuracyDropPercent: percent(limitOf('maxAccuracyDrop'))
	};
}

/** What is asked for; null: something is missing. */
export function evaluateRequest(
	run: string,
	fields: EvaluateFields,
	asked: AskedPlan
): NewMeasurement | null {
	const { context, windows, task, recall } = fields;
	const texts = textsOf(fields.texts);
	const questions = task === 'file' ? fields.questions : task === 'none' ? null : task;
	if (texts.length === 0 || context === null || windows === null) return null;
	if (task === 'file' && questions === null) return null;
	const gates = gatesFrom(task === 'none' ? { ...fields, maxAccuracyDropPercent: null } : fields);
	return { kind: 'evaluate', run, texts, context, windows, ...asked, questions, gates, recall };
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
