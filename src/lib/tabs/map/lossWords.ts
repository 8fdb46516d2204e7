import type { LossAdded } from '$analysis/measure/damage/types.ts';
import { intervalText, signedText } from '$analysis/plan/words.ts';
import { formatValue } from '$analysis/text/number.ts';

/** A loss added, with its sign: "+0.061", "−0.002"; "—" where it was not measured. */
export function formatLoss(loss: number | null | undefined): string {
	return loss === null || loss === undefined ? '—' : signedText(loss, formatValue);
}

/** "+0.061 [+0.042, +0.083]"; without brackets where there is no interval. */
export function lossWithInterval(added: LossAdded): string {
	return `${formatLoss(added.loss)} ${intervalText(added, formatLoss)}`.trim();
}
