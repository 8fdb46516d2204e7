import type { ResultParts } from '../../analysis/measure/results/folder.ts';

/** Loss that `follower` adds when it reuses `source`, of `layeredDamage`: the farther and the deeper, the more. */
export const pairLoss = (source: number, follower: number) =>
	(2 * (follower - source) + follower) / 100;
export const dropLoss = (layer: number) => (5 + layer) / 100;

/** Loss that each case adds by itself. */
export interface CaseLosses {
	drop: (layer: number) => number;
	pair: (source: number, follower: number) => number;
	span: (source: number, last: number) => number;
	/** A loss that is added, with its interval. */
	around: (loss: number) => { loss: number; low: number; high: number };
}

const LAYERED: CaseLosses = {
	...{ drop: dropLoss, pair: pairLoss, span: pairLoss },
	around: (loss) => ({ loss, low: loss - 0.01, high: loss + 0.01 })
};

/** A stored damage of `layers` layers, by default one every number of which follows from its place; spans up to three layers. */
export function layeredDamage(
	layers: number,
	model: { name: string; hash: string },
	{ drop, pair, span, around }: CaseLosses = LAYERED
): ResultParts {
	const each = Array.from({ length: layers }, (_, layer) => layer);
	const texts = [{ name: 'a.txt', sha256: 'ff', characters: 40 }];
	const about = { model, texts, context: 8, windows: 2 };
	return {
		...about,
		command: 'spanwise damage eight --text a.txt',
		telemetry: null,
		result: {
			kind: 'damage',
			damage: {
				report: {
					baseline: { loss: 3, perplexity: Math.exp(3), bitsPerByte: 2, tokens: 14 },
					drop: each.map(drop),
					pairs: each.flatMap((follower) =>
						each.slice(0, follower).map((source) => ({
							source,
							follower,
							...around(pair(source, follower)),
							output: 1 - (follower - source) / 10
						}))
					),
					spans: each.flatMap((source) =>
						[source + 1, source + 2]
							.filter((last) => last < layers)
							.map((last) => ({ source, last, ...around(span(source, last)) }))
					),
					evaluations: { done: 20, naive: 40 },
					interval: 'blocks'
				},
				drops: each.map((layer) => ({ layer, ...around(drop(layer)) })),
				...about,
				notes: [],
				progressFile: 'damage/eight.jsonl',
				seconds: 1
			}
		}
	};
}
