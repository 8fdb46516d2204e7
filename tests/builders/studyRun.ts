import { seeded, sumsOfMaps, type AttentionMaps } from './attention.ts';
import { madeUpRun, type MadeUpRun } from './run.ts';
import type { RunRecord } from '../../analysis/workspace/run/types.ts';
import type { Telemetry } from '../../analysis/telemetry/telemetry.ts';

export type StudiedModel = RunRecord['model'];

export const CONTEXT = 12;
export const WINDOWS = 4;
export const WORDS = 'It was a bright cold day in April and the clocks were striking'.split(' ');
export const TEXTS = [{ name: 'walden.txt', sha256: '5e'.repeat(32), characters: 24_000 }];

/** Numbers of a model, the same for the same name. */
const randomOf = ({ name }: StudiedModel) =>
	seeded(
		Array.from(name).reduce((seed, letter) => seeded(seed + letter.charCodeAt(0))() * 2 ** 32, 0)
	);

/** Neighbouring layers attend alike, and most so around a depth that is the model's own. */
export function runOf(model: StudiedModel): MadeUpRun {
	const { record } = madeUpRun(`${model.name}-20261123-061503-a1b2`);
	const { layers } = model;
	const random = randomOf(model);
	const calmDepth = 0.4 + 0.4 * random();
	const maps = Array.from({ length: WINDOWS }, () =>
		driftingMaps(layers, model.heads, calmDepth, random)
	);
	const each = (of: (depth: number) => number) =>
		Array.from({ length: layers }, (_, layer) => of(layer / (layers - 1)));
	const pieces = Array.from({ length: CONTEXT }, (_, token) => ` ${WORDS[token % WORDS.length]}`);
	const ids = Array.from({ length: CONTEXT }, (_, token) => token + 1);
	return {
		record: {
			...record,
			model,
			texts: TEXTS,
			context: CONTEXT,
			windows: Array.from({ length: WINDOWS }, (_, window) => ({
				document: 0,
				start: window * 6000,
				tokens: CONTEXT
			})),
			tokens: CONTEXT * WINDOWS,
			views: ['all', 'no-sink'],
			profile: {
				queriesPerWindow: CONTEXT,
				entropyNats: each((depth) => 1 + Math.abs(depth - calmDepth)),
				firstTokenMass: each((depth) => 0.7 - 0.5 * Math.abs(depth - calmDepth))
			},
			loss: 2.8 + calmDepth / 2,
			telemetry: madeUpTelemetry(),
			command: `spanwise analyze ${model.name} --text walden.txt`
		},
		sums: (['all', 'no-sink'] as const).map((view) => sumsOfMaps(maps, view)),
		windows: { windows: Array.from({ length: WINDOWS }, () => ({ ids, pieces })) }
	};
}

/** Causal attention whose scores turn from one pattern to another along the depth; far from the calm, each layer adds its own. */
function driftingMaps(
	layers: number,
	heads: number,
	calmDepth: number,
	random: () => number
): AttentionMaps {
	const pattern = () => Float64Array.from({ length: CONTEXT ** 2 }, () => 5 * random());
	const ends = Array.from({ length: heads }, () => [pattern(), pattern()]);
	return Array.from({ length: layers }, (_, layer) => {
		const depth = layer / (layers - 1);
		const turn = (depth * Math.PI) / 2;
		const unrest = 0.1 + 0.8 * Math.abs(depth - calmDepth);
		return ends.map(([first, last]) => {
			const own = pattern();
			const map = new Float64Array(CONTEXT ** 2);
			for (let query = 0; query < CONTEXT; query++) {
				const at = (key: number) => query * CONTEXT + key;
				const score = (key: number) =>
					Math.cos(turn) * first[key] + Math.sin(turn) * last[key] + unrest * own[key];
				const weights = Array.from({ length: query + 1 }, (_, key) => Math.exp(score(at(key))));
				const sum = weights.reduce((total, weight) => total + weight, 0);
				weights.forEach((weight, key) => (map[at(key)] = weight / sum));
			}
			return map;
		});
	});
}

/** Twenty samples of two stages. */
export function madeUpTelemetry(): Telemetry {
	const samples = Array.from({ length: 20 }, (_, index) => ({
		seconds: index / 4,
		stage: index < 4 ? 'reading weights' : 'layers',
		rssBytes: 150_000_000 + 4_000_000 * index,
		cores: index < 4 ? 0.6 : 1.8 + (index % 3) / 20,
		tokensPerSecond: index < 4 ? 0 : 900 + 30 * (index % 5)
	}));
	return {
		samples,
		stages: [
			{ stage: 'reading weights', seconds: 1 },
			{ stage: 'layers', seconds: 4 }
		],
		peakRssBytes: 230_000_000,
		cpuSeconds: 8,
		tokens: WINDOWS * CONTEXT,
		seconds: 5
	};
}
