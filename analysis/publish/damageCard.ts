import { shortHash } from '../text/hash.ts';
import type { Damage } from '../measure/damage/types.ts';
import type { ResultSummary, StoredResult } from '../measure/results/types.ts';
import { overWords } from '../text/interval.ts';
import { formatTime } from '../text/number.ts';

/** Maps of measured damage. */
export const DAMAGE_MAPS = ['output', 'damage', 'recall'] as const;
export type DamageMapKind = (typeof DAMAGE_MAPS)[number];

/** A stored result whose kind is known. */
export interface StoredDamage extends StoredResult {
	result: { kind: 'damage'; damage: Damage };
}

export function isDamage(stored: StoredResult): stored is StoredDamage {
	return stored.result.kind === 'damage';
}

/** Definitions of the numbers in each kind of map. */
export const MEASURES: Readonly<Record<DamageMapKind, string>> = {
	output:
		'1 − ‖(P_source − P_follower) V_follower W_O‖ / ‖P_follower V_follower W_O‖, Frobenius, squares summed over prompts, bias of W_O left out; rows source, columns follower',
	damage:
		'loss increase in nats/token when the follower (column) alone reuses the attention weights of the source (row); on the diagonal when the attention of the layer is dropped',
	recall:
		'nats/token added to the loss on the second copy of a passage that comes again when the follower (column) alone reuses the attention weights of the source (row); on the diagonal when the attention of the layer is dropped'
};

/** The definition card of measured damage: all that is needed to make a figure of it again. */
export function damageCard(stored: StoredDamage, map: DamageMapKind): Record<string, unknown> {
	const { report } = stored.result.damage;
	return {
		measure: MEASURES[map],
		howKnown: 'measured',
		baselineLoss: report.baseline.loss,
		interval: report.interval,
		texts: stored.texts,
		context: stored.context,
		windows: stored.windows,
		modelName: stored.model.name,
		modelHash: stored.model.hash,
		...(stored.model.tokenizerHash !== undefined && {
			tokenizerHash: stored.model.tokenizerHash
		}),
		version: stored.spanwise,
		command: stored.command
	};
}

/** One line under a figure. */
export function damageCaption(stored: StoredDamage, map: DamageMapKind): string {
	const measure = {
		damage:
			'loss increase in nats/token by one follower that reuses the source; diagonal: attention of the layer dropped',
		recall:
			'recall increase (nats/token on a passage that comes again) by one follower that reuses the source; diagonal: attention of the layer dropped',
		output: 'output similarity of the follower’s block with the source’s weights'
	}[map];
	return `${stored.model.name} · ${measure}; measured on ${textWords(stored)} · model ${shortHash(stored.model.hash)} · ${stored.command}`;
}

/** A paragraph for a paper's methods section. */
export function damageMethods(stored: StoredDamage): string {
	const { report } = stored.result.damage;
	const interval =
		report.interval === null
			? 'With a single window there are no intervals.'
			: `Intervals are 95%, by bootstrap ${overWords(report.interval)}.`;
	return (
		`For every source layer before every follower, the follower alone was run with the attention weights of the source, and for every layer its attention was dropped; ` +
		`the loss increase in nats/token was measured on ${textWords(stored)} with Spanwise ${stored.spanwise}. ` +
		`The unchanged model (${stored.model.name}; SHA-256 of the weights ${shortHash(stored.model.hash)}…) has a loss of ${report.baseline.loss.toFixed(4)}. ${interval} Layers are counted from 0.`
	);
}

/** "8 × 256 tokens of walden, time-machine" */
export function textWords(stored: Pick<StoredDamage, 'texts' | 'context' | 'windows'>): string {
	return `${stored.windows} × ${stored.context} tokens of ${stored.texts.map(({ name }) => name).join(', ')}`;
}

/** A result in a list: the date first, since the end may be cut: "2026-11-23 06:20 · hound, time-machine · 8 × 256" */
export function resultLabel({ texts, context, windows, createdAt }: ResultSummary): string {
	return `${formatTime(createdAt)} · ${texts.join(', ')} · ${windows} × ${context}`;
}
