import type { TorchSettings } from '$analysis/engine/torchSettings.ts';
import type { AskedPlan } from '../../measure/askedPlan.ts';
import type { ModelFacts } from '$analysis/model/checkpoint/types.ts';
import { EVALUATE_DEFAULTS } from '$analysis/measure/evaluate/defaults.ts';
import { PROBE_TOKENS } from '$analysis/model/tokens/probes.ts';
import { RECALL_DEFAULT, RECALL_OFF, recallTokensOf } from '$analysis/measure/recallSetting.ts';
import { OFFERED_LENGTHS, PROBE_LENGTHS } from '$analysis/measure/evaluate/probes/setting.ts';
import type { Evaluation, Gates } from '$analysis/measure/evaluate/types.ts';
import type { StoredResult } from '$analysis/measure/results/types.ts';
import { torchOfRun } from '$analysis/workspace/run/torchOfRun.ts';
import type { RunRecord } from '$analysis/workspace/run/types.ts';
import { torchOf } from '../../forms/torchThere.ts';
import type { NewMeasurement, SamplesAnswer } from '../../client/api.ts';
import { askedQuestions, type QuestionFields } from '../../forms/questions.ts';
import { choicesOf, sampleChoices, textsOf, type TextChoices } from '../../forms/textChoices.ts';

/** Contents of the form of an evaluation, its plan apart; null: an empty number. */
export interface EvaluateFields extends QuestionFields {
	texts: TextChoices;
	context: number | null;
	windows: number | null;
	recall: boolean;
	/** Tokens of a recall probe. */
	recallTokens: number | null;
	/** The PyTorch engine; null: the program's own. */
	torch: TorchSettings | null;
	/** Lengths of long in-context probes. */
	probes: number[];
	maxLossIncrease: number | null;
	minAgreementPercent: number | null;
	maxAccuracyDropPercent: number | null;
	maxProbeDropPercent: number | null;
}

/** Parts of a run that the form needs: its engine and the limits of its model. */
type AskedRun = Pick<RunRecord, 'engine'> & {
	model: Pick<ModelFacts, 'maxPositions' | 'onlyTorch'>;
};

/** Returns the initial contents of the form: the command's defaults, as far as the model allows. */
export function evaluateFields(run: AskedRun, samples: SamplesAnswer): EvaluateFields {
	return {
		texts: sampleChoices(samples, EVALUATE_DEFAULTS.samples),
		context: Math.min(EVALUATE_DEFAULTS.context, run.model.maxPositions),
		windows: EVALUATE_DEFAULTS.windows,
		recall: RECALL_DEFAULT,
		recallTokens: PROBE_TOKENS,
		torch: torchOfRun(run),
		probes: [],
		task: 'none',
		questions: null,
		maxLossIncrease: null,
		minAgreementPercent: null,
		maxAccuracyDropPercent: null,
		maxProbeDropPercent: null
	};
}

/** Lengths of long in-context probes that a model can take. */
export function probeLengths({ maxPositions }: Pick<ModelFacts, 'maxPositions'>): number[] {
	const fitting = OFFERED_LENGTHS.filter((length) => length <= maxPositions);
	const own = maxPositions >= PROBE_LENGTHS.least ? [maxPositions] : [];
	return fitting.length > 0 ? fitting : own;
}

/** The settings of an evaluation that is open; questions, which are not kept, stay as they were. */
export function evaluateFieldsOf(
	{ texts, context, windows }: Pick<StoredResult, 'texts' | 'context' | 'windows'>,
	{ report, notes, engine }: Evaluation,
	samples: SamplesAnswer,
	before: EvaluateFields
): EvaluateFields {
	const limitOf = (gate: keyof Gates) =>
		report.gates?.judged.find((judged) => judged.gate === gate)?.limit ?? null;
	const percent = (fraction: number | null) =>
		fraction === null ? null : Number((fraction * 100).toPrecision(12));
	return {
		...before,
		texts: choicesOf(texts, samples) ?? before.texts,
		context,
		windows,
		recall: !notes.includes(RECALL_OFF),
		recallTokens: recallTokensOf(notes),
		torch: torchOf({ engine }),
		probes: [...new Set(report.probes?.map(({ tokens }) => tokens))],
		maxLossIncrease: limitOf('maxLossIncrease'),
		minAgreementPercent: percent(limitOf('minAgreement')),
		maxAccuracyDropPercent: percent(limitOf('maxAccuracyDrop')),
		maxProbeDropPercent: percent(limitOf('maxProbeDrop'))
	};
}

/** Builds the request of an evaluation; null: a text, a number or the file of questions is missing. */
export function evaluateRequest(
	run: string,
	fields: EvaluateFields,
	asked: AskedPlan
): NewMeasurement | null {
	const { context, windows, task, recall, recallTokens, torch, probes } = fields;
	const texts = textsOf(fields.texts);
	const questions = askedQuestions(fields);
	if (texts.length === 0 || context === null || windows === null) return null;
	if (questions === undefined || recallTokens === null) return null;
	const gates = gatesFrom({
		...fields,
		...(task === 'none' && { maxAccuracyDropPercent: null }),
		...(probes.length === 0 && { maxProbeDropPercent: null })
	});
	const settings = {
		context,
		windows,
		gates,
		recall,
		recallTokens,
		probes: [...probes],
		...(torch && { torch })
	};
	return { kind: 'evaluate', run, texts, ...asked, questions, ...settings };
}

/** Gates of the form's fields; percentages become fractions, and empty fields no gates. */
export function gatesFrom(fields: {
	maxLossIncrease: number | null | undefined;
	minAgreementPercent: number | null | undefined;
	maxAccuracyDropPercent: number | null | undefined;
	maxProbeDropPercent?: number | null | undefined;
}): Gates {
	const { maxLossIncrease, minAgreementPercent, maxAccuracyDropPercent, maxProbeDropPercent } =
		fields;
	return {
		...(maxLossIncrease != null && { maxLossIncrease }),
		...(minAgreementPercent != null && { minAgreement: minAgreementPercent / 100 }),
		...(maxAccuracyDropPercent != null && { maxAccuracyDrop: maxAccuracyDropPercent / 100 }),
		...(maxProbeDropPercent != null && { maxProbeDrop: maxProbeDropPercent / 100 })
	};
}
