import { expect, it } from 'vitest';
import { layerPairs } from './layerPairs.ts';

const symmetric = [
	[1, 0.5],
	[0.5, 1]
];
const directed = [
	[1, 0.7],
	[0.2, 1]
];
const map = {
	size: 2,
	atDepth: false,
	difference: [
		[0, 0.25],
		[0.25, 0]
	],
	low: null,
	high: null
};

it('gives each pair once where the measure is symmetric', () => {
	const [a, b] = [
		symmetric,
		[
			[1, 0.25],
			[0.25, 1]
		]
	].map((matrix) => ({ layers: 2, matrix }));
	expect(layerPairs(map, a, b)).toEqual([
		{ layersA: [0, 1], layersB: [0, 1], a: 0.5, b: 0.25, difference: 0.25, low: null, high: null }
	]);
});
it('gives both directions where it is not', () => {
	const a = { layers: 2, matrix: directed };
	expect(layerPairs(map, a, a).map(({ layersA }) => layersA)).toEqual([
		[0, 1],
		[1, 0]
	]);
});
it('names the layers of each run that lie at the same depth', () => {
	const deep = {
		layers: 3,
		matrix: [
			[1, 0.1, 0.4],
			[0.1, 1, 0.1],
			[0.4, 0.1, 1]
		]
	};
	const [pair] = layerPairs({ ...map, atDepth: true }, { layers: 2, matrix: symmetric }, deep);
	expect(pair).toMatchObject({ layersA: [0, 1], layersB: [0, 2], a: 0.5, b: 0.4 });
});
