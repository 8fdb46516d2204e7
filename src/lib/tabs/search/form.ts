import type { TorchSettings } from '$analysis/engine/torchSettings.ts';
import type { ModelFacts } from '$analysis/model/checkpoint/types.ts';
import type { SavingAxis } from '$analysis/plan/axes.ts';
import type { StoredResult } from '$analysis/measure/results/types.ts';
import { SEARCH_DEFAULTS } from '$analysis/measure/search/defaults.ts';
import { PROBE_TOKENS } from '$analysis/model/tokens/probes.ts';
import { RECALL_DEFAULT, recallTokensOf } from '$analysis/measure/recallSetting.ts';
import type { Search, SearchGoal } from '$analysis/measure/search/types.ts';
import { torchOfRun } from '$analysis/workspace/run/torchOfRun.ts';
import type { RunRecord } from '$analysis/workspace/run/types.ts';
import { torchOf } from '../../forms/torchThere.ts';
import type { NewMeasurement, SamplesAnswer } from '../../client/api.ts';
import { askedQuestions, type QuestionFields } from '../../forms/questions.ts';
import { choicesOf, sampleChoices, textsOf, type TextChoices } from '../../forms/textChoices.ts';
import { parseLayers } from '../../state/edit.ts';

/** Contents of the form of a search; null: an empty number. */
export interface SearchFields extends QuestionFields {
	goal: SearchGoal['kind'];
	followers: number | null;
	axis: SavingAxis;
	percent: number | null;
	maxLossIncrease: number | null;
	texts: TextChoices;
	context: number | null;
	windows: number | null;
	maxSpan: number | null;
	/** Layers with commas between them. */
	protectedText: string;
	repair: boolean;
	recall: boolean;
	/** Tokens of a recall probe. */
	recallTokens: number | null;
	/** The PyTorch engine; null: the program's own. */
	torch: TorchSettings | null;
	/** Nats/token that the plan may add to recall. */
	maxRecallIncrease: number | null;
	/** Accuracy on the questions that the plan may lose, in points. */
	maxAccuracyDropPercent: number | null;
}

/** Parts of a run that the form needs: its engine and the limits of its model. */
type AskedRun = Pick<RunRecord, 'engine'> & {
	model: Pick<ModelFacts, 'layers' | 'maxPositions' | 'onlyTorch'>;
};

/** Returns the form's initial contents: the command's defaults, as far as the model allows, and a goal of its own. */
export function searchFields(run: AskedRun, samples: SamplesAnswer): SearchFields {
	const { layers, maxPositions } = run.model;
	return {
		goal: 'followers',
		followers: Math.max(1, Math.round(layers / 4)),
		axis: 'kvCache',
		percent: 10,
		maxLossIncrease: 0.1,
		texts: sampleChoices(samples, SEARCH_DEFAULTS.samples),
		context: Math.min(SEARCH_DEFAULTS.context, maxPositions),
		windows: SEARCH_DEFAULTS.windows,
		maxSpan: Math.min(SEARCH_DEFAULTS.maxSpan, layers),
		protectedText: SEARCH_DEFAULTS.protectedLayers.join(', '),
		repair: SEARCH_DEFAULTS.repair,
		recall: RECALL_DEFAULT,
		recallTokens: PROBE_TOKENS,
		torch: torchOfRun(run),
		maxRecallIncrease: SEARCH_DEFAULTS.maxRecallIncrease,
		task: 'none',
		questions: null,
		maxAccuracyDropPercent: percentOf(SEARCH_DEFAULTS.maxAccuracyDrop)
	};
}

/** The settings of a search that is open; questions, which are not kept, and what an earlier version did not keep stays as it was. */
export function searchFieldsOf(
	stored: Pick<StoredResult, 'texts' | 'windows' | 'context'>,
	search: Search,
	samples: SamplesAnswer,
	before: SearchFields
): SearchFields {
	const { settings } = search;
	return {
		...before,
		...goalFields(search.report.goal),
		texts: choicesOf(stored.texts, samples) ?? before.texts,
		context: stored.context,
		windows: stored.windows,
		maxSpan: settings?.maxSpan ?? before.maxSpan,
		protectedText: settings?.protectedLayers.join(', ') ?? before.protectedText,
		repair: settings?.repair ?? search.report.plans.some(({ repaired }) => repaired),
		recall: settings?.recall ?? before.recall,
		recallTokens: recallTokensOf(search.notes),
		torch: torchOf(search),
		maxRecallIncrease: settings?.maxRecallIncrease ?? before.maxRecallIncrease,
		maxAccuracyDropPercent:
			typeof settings?.maxAccuracyDrop === 'number'
				? percentOf(settings.maxAccuracyDrop)
				: before.maxAccuracyDropPercent
	};
}

/** A fraction in percent, without the digits that binary numbers add. */
function percentOf(fraction: number): number {
	return Number((fraction * 100).toPrecision(12));
}

function goalFields(goal: SearchGoal): Partial<SearchFields> {
	switch (goal.kind) {
		case 'followers':
			return { goal: goal.kind, followers: goal.followers };
		case 'save':
			return {
				goal: goal.kind,
				axis: goal.axis,
				percent: percentOf(goal.share)
			};
		case 'loss':
			return { goal: goal.kind, maxLossIncrease: goal.maxLossIncrease };
	}
}

/** Describes what keeps the form from being sent; null: nothing beyond what the field of a number says itself. */
export function searchMissing(fields: SearchFields, layers: number): string | null {
	if (textsOf(fields.texts).length === 0) return 'Choose a text.';
	if (askedQuestions(fields) === undefined) return 'Choose a file of questions.';
	return parseLayers(fields.protectedText, layers) === null
		? `Protected layers: expected numbers from 0 to ${layers - 1}, with commas between them.`
		: null;
}

/** Builds the request of a search; null: something is missing, or no list of protected layers can be read. */
export function searchRequest(
	run: string,
	fields: SearchFields,
	layers: number
): NewMeasurement | null {
	const { context, windows, maxSpan, repair, recall, recallTokens, torch } = fields;
	const { maxRecallIncrease } = fields;
	const texts = textsOf(fields.texts);
	const protectedLayers = parseLayers(fields.protectedText, layers);
	const goal = goalOf(fields);
	if (texts.length === 0 || protectedLayers === null || goal === null) return null;
	if (context === null || windows === null || maxSpan === null) return null;
	if (recallTokens === null || maxRecallIncrease === null) return null;
	const questions = askedQuestions(fields);
	const points = fields.maxAccuracyDropPercent;
	if (questions === undefined || (questions !== null && points === null)) return null;
	return {
		...{ kind: 'search', run, texts, context, windows, goal, maxSpan, protectedLayers, repair },
		...{ recall, recallTokens, maxRecallIncrease },
		...(questions !== null && { questions, maxAccuracyDrop: (points ?? 0) / 100 }),
		...(torch && { torch })
	};
}

function goalOf({
	goal: kind,
	followers,
	axis,
	percent,
	maxLossIncrease
}: SearchFields): SearchGoal | null {
	switch (kind) {
		case 'followers':
			return followers === null ? null : { kind, followers };
		case 'save':
			return percent === null ? null : { kind, axis, share: percent / 100 };
		case 'loss':
			return maxLossIncrease === null ? null : { kind, maxLossIncrease };
	}
}
