import type { WindowTokens } from '$analysis/measure/evaluate/types.ts';

/** Fraction of the strongest colour that is mixed in at most, so that text stays readable in light and dark. */
const DEEPEST = 62;

export interface ColouredToken {
	piece: string;
	baseline: number;
	shared: number;
	/** shared − baseline, nats. */
	added: number;
	/** CSS background; undefined where next to nothing was added. */
	background: string | undefined;
}

/**
 * The added loss that has the full colour: large enough that only few tokens in a hundred lie beyond it, at least
 * half a nat, so that noise does not look like damage.
 */
export function colourReach(worst: readonly WindowTokens[]): number {
	const sizes = worst
		.flatMap(({ baseline, shared }) =>
			shared.map((loss, index) => Math.abs(loss - baseline[index]))
		)
		.sort((a, b) => a - b);
	const at = sizes[Math.floor(sizes.length * 0.97)] ?? 0;
	return Math.max(0.5, Math.ceil(at * 2) / 2);
}

/** Tokens of a window with the colours of their added loss. */
export function colouredTokens(tokens: WindowTokens, reach: number): ColouredToken[] {
	return tokens.pieces.map((piece, index) => {
		const [baseline, shared] = [tokens.baseline[index], tokens.shared[index]];
		const added = shared - baseline;
		return { piece, baseline, shared, added, background: tokenColour(added, reach) };
	});
}

/** Towards one colour where sharing hurt, towards the other where it helped. */
export function tokenColour(added: number, reach: number): string | undefined {
	const depth = Math.round(Math.min(1, Math.abs(added) / reach) * DEEPEST);
	if (depth < 2) return undefined;
	return `color-mix(in srgb, var(${added > 0 ? '--hurt' : '--helped'}) ${depth}%, transparent)`;
}

/** A token as it is named in a sentence: spaces and line breaks made visible. */
export function visiblePiece(piece: string): string {
	return piece.replaceAll('\n', '⏎').replaceAll('\t', '⇥').replaceAll(' ', '␣');
}
