import type { Gates, JudgedGate } from './types.ts';

interface GateWords {
	/** Figure that the gate judges. */
	name: string;
	/** Unit or measure of the figure; null: the name says it. */
	measure: string | null;
	bound: 'at most' | 'at least';
}

/** Names of what gates judge, wherever they are spoken of. */
export const GATE_WORDS: Readonly<Record<keyof Gates, GateWords>> = {
	maxLossIncrease: { name: 'loss increase', measure: 'nats/token', bound: 'at most' },
	minAgreement: { name: 'top-1 agreement', measure: null, bound: 'at least' },
	maxAccuracyDrop: { name: 'accuracy drop', measure: 'acc', bound: 'at most' },
	maxProbeDrop: { name: 'accuracy drop on probes', measure: null, bound: 'at most' }
};

/** "at least 90.0%; missed by 10.0%": what a gate asks for. `formatLimit` where a limit is written otherwise than a distance. */
export function askedWords(
	{ gate, limit, excess }: Pick<JudgedGate, 'gate' | 'limit' | 'excess'>,
	format: (value: number) => string,
	formatLimit = format
): string {
	const margin = excess > 0 ? `missed by ${format(excess)}` : `margin ${format(-excess)}`;
	return `${GATE_WORDS[gate].bound} ${formatLimit(limit)}; ${margin}`;
}
