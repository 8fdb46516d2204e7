import { PROBE_TOKENS } from '../model/tokens/probes.ts';

/** True if in-context recall is measured by default, on the page and by the command. */
export const RECALL_DEFAULT = true;

/** Fewest and most tokens of a recall probe that can be asked for; the fewest leave 10 of the passage to be scored. */
export const RECALL_TOKENS = { least: 64, most: 65_536 };

/** Said where recall was turned off. */
export const RECALL_OFF =
	'recall was not measured: it is turned off (--recall off); a plan can keep the loss on text and lose in-context recall';

/** Says how long probes are where another length than the usual one was asked for. */
export function lengthNotes(recallTokens: number, passage: number): string[] {
	if (recallTokens === PROBE_TOKENS) return [];
	return [
		`recall was measured on probes of ${4 * passage} tokens: ${passage} that come again after ${2 * passage} others`
	];
}

/** Finds the tokens of a probe in the notes of a result. */
export function recallTokensOf(notes: readonly string[]): number {
	const found = /^recall was measured on probes of (\d+) tokens/m.exec(notes.join('\n'))?.[1];
	return found === undefined ? PROBE_TOKENS : Number(found);
}
