import type { TorchSettings } from '$analysis/engine/torchSettings.ts';
import { DAMAGE_DEFAULTS } from '$analysis/measure/damage/defaults.ts';
import { PROBE_TOKENS } from '$analysis/model/tokens/probes.ts';
import { RECALL_DEFAULT, RECALL_OFF, recallTokensOf } from '$analysis/measure/recallSetting.ts';
import type { ModelFacts } from '$analysis/model/checkpoint/types.ts';
import { torchOfRun } from '$analysis/workspace/run/torchOfRun.ts';
import type { RunRecord } from '$analysis/workspace/run/types.ts';
import { torchOf } from '../../forms/torchThere.ts';
import type { NewMeasurement, SamplesAnswer } from '../../client/api.ts';
import { choicesOf, sampleChoices, textsOf, type TextChoices } from '../../forms/textChoices.ts';
import type { StoredDamage } from '$analysis/publish/damageCard.ts';

/** Contents of the form of a damage map; null: an empty number. */
export interface DamageFields {
	texts: TextChoices;
	context: number | null;
	windows: number | null;
	maxSpan: number | null;
	recall: boolean;
	/** Tokens of a recall probe. */
	recallTokens: number | null;
	/** The PyTorch engine; null: the program's own. */
	torch: TorchSettings | null;
}

/** Parts of a run that the form needs: its engine and the limits of its model. */
type AskedRun = Pick<RunRecord, 'engine'> & {
	model: Pick<ModelFacts, 'layers' | 'maxPositions' | 'onlyTorch'>;
};

/** Returns the initial contents of the form: the command's defaults, as far as the model allows. */
export function damageFields(run: AskedRun, samples: SamplesAnswer): DamageFields {
	const { layers, maxPositions } = run.model;
	return {
		texts: sampleChoices(samples, DAMAGE_DEFAULTS.samples),
		context: Math.min(DAMAGE_DEFAULTS.context, maxPositions),
		windows: DAMAGE_DEFAULTS.windows,
		maxSpan: Math.min(DAMAGE_DEFAULTS.maxSpan, layers),
		recall: RECALL_DEFAULT,
		recallTokens: PROBE_TOKENS,
		torch: torchOfRun(run)
	};
}

/** The settings of a damage map that is there, so that it can be measured again on another text. */
export function damageFieldsOf(
	{ context, windows, texts, result }: StoredDamage,
	samples: SamplesAnswer,
	before: DamageFields
): DamageFields {
	const lengths = result.damage.report.spans.map(({ source, last }) => last - source + 1);
	return {
		texts: choicesOf(texts, samples) ?? before.texts,
		context,
		windows,
		maxSpan: lengths.length === 0 ? before.maxSpan : Math.max(...lengths),
		recall: !result.damage.notes.includes(RECALL_OFF),
		recallTokens: recallTokensOf(result.damage.notes),
		torch: torchOf(result.damage)
	};
}

/** Builds the request of a damage map; null: a text or a number is missing. */
export function damageRequest(run: string, fields: DamageFields): NewMeasurement | null {
	const { context, windows, maxSpan, recall, recallTokens, torch } = fields;
	const texts = textsOf(fields.texts);
	if (texts.length === 0 || context === null || windows === null) return null;
	if (maxSpan === null || recallTokens === null) return null;
	return {
		...{ kind: 'damage', run, texts, context, windows, maxSpan, recall, recallTokens },
		...(torch && { torch })
	};
}
