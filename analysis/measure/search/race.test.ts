import { describe, expect, it } from 'vitest';
import { casesOf, standings, type Contestant, type RaceTask } from './race.ts';

const LAYERS = 4;
/** A follower saves 1 and a dropped layer 2; a plan must save 2. */
const task = (weights: number[] = [0], fraction = 2): RaceTask => ({
	fraction,
	perLayer: { share: [1, 1, 1, 1], drop: [2, 2, 2, 2] },
	limits: { maxSpan: 3, protectedLayers: [], slidingWindows: [null, null, null, null] },
	layers: LAYERS,
	weights
});
const drop = (layer: number, text: number[], recall: number[] | null = null): Contestant => ({
	of: { layer },
	text,
	recall
});
const span = (source: number, last: number, text: number[]): Contestant => ({
	of: { source, last },
	text,
	recall: null
});

describe('standings', () => {
	it('lets the dropped layers leave that cost clearly more than the cheapest', () => {
		const cases = [
			drop(0, [0.9, 1]),
			drop(1, [0.1, 0.12]),
			drop(2, [0.05, 0.25]),
			drop(3, [0.5, 0.52])
		];
		expect(standings(cases, task())).toEqual(['out', 'text', 'text', 'out']);
	});

	it('lets a span leave only where the cheapest plan with it is clearly dearer', () => {
		const cases = [
			span(0, 1, [0.2, 0.2]),
			// No plan of what is there has it: a longer span that is not may go with it.
			span(1, 2, [0.9, 0.9]),
			span(2, 3, [0.2, 0.2]),
			// Alone it saves enough; the two short spans cost 0.4 together.
			span(0, 2, [0.3, 0.5]),
			span(1, 3, [0.8, 0.9])
		];
		expect(standings(cases, task())).toEqual(['text', 'text', 'text', 'text', 'out']);
	});

	it('keeps for text alone what no weight of recall can want', () => {
		const cases = [
			drop(0, [0.1, 0.1], [3, 3.1]),
			drop(1, [0.2, 0.2], [0, 0.1]),
			drop(2, [0.9, 0.9], [0.5, 0.6])
		];
		expect(standings(cases, task([0, 1]))).toEqual(['text', 'in', 'out']);
	});

	it('lets nothing leave where no plan of what is there saves enough', () => {
		expect(standings([span(0, 1, [0.1, 0.1])], task())).toEqual(['text']);
	});
});

describe('the cases of a plan', () => {
	it('are its dropped layers and its spans', () => {
		expect(casesOf([0, 0, 0, null, 4, 5, 5])).toEqual([
			{ source: 0, last: 2 },
			{ layer: 3 },
			{ source: 5, last: 6 }
		]);
	});
});
