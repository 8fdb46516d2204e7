import { describe, expect, it } from 'vitest';
import { drawWindows } from './resample.ts';
import type { Tokenizer } from '../model/tokens/types.ts';
import { meanInterval, quantile, spreadOf } from './figures.ts';
import { modelFigures, predictedBytes } from '../measure/figures.ts';

describe('the figures of a model', () => {
	it('are loss, perplexity and bits per byte', () => {
		expect(modelFigures(4 * Math.LN2, 4, 8)).toEqual({
			loss: Math.LN2,
			perplexity: 2,
			bitsPerByte: 0.5,
			tokens: 4
		});
	});
	it('have the largest number for a perplexity beyond all of them', () => {
		expect(modelFigures(8000, 8, 8)).toMatchObject({ loss: 1000, perplexity: Number.MAX_VALUE });
	});
	it('are refused where the tokens stand for no text', () => {
		expect(() => modelFigures(1, 4, 0)).toThrow(
			'text: the 4 predicted tokens stand for 0 bytes of it; expected some: give another text'
		);
	});
});

describe('quantile', () => {
	it('interpolates between order statistics', () => {
		expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
		expect(quantile([10, 0], 0.99)).toBeCloseTo(9.9, 12);
		expect(quantile([7], 0.99)).toBe(7);
	});
	it('gives median and quartiles as a spread', () => {
		expect(spreadOf([1, 2, 3, 4, 5])).toEqual({ median: 3, q25: 2, q75: 4 });
	});
});

describe('the interval of a mean over windows', () => {
	it('has no width where every window says the same', () => {
		expect(meanInterval([0.5, 0.5, 0.5], drawWindows([0, 0, 0]))).toEqual({
			value: 0.5,
			low: 0.5,
			high: 0.5
		});
	});

	it('is missing where there is one window', () => {
		expect(meanInterval([0.5], drawWindows([0]))).toEqual({ value: 0.5, low: null, high: null });
	});

	it('is about ±1.96 standard errors wide for many documents of one window each', () => {
		const values = Array.from({ length: 400 }, (_, index) => (index % 2 === 0 ? 1 : -1));
		const { value, low, high } = meanInterval(values, drawWindows(values.map((_, at) => at)));
		expect(value).toBe(0);
		// Standard deviation 1, so that the standard error is 1/√400 = 0.05.
		expect(Math.abs((low ?? 0) + 0.098)).toBeLessThan(0.012);
		expect(Math.abs((high ?? 0) - 0.098)).toBeLessThan(0.012);
	});

	it('is wider where windows of one document resemble each other: documents are drawn first', () => {
		const values = [1, 1, 1, 1, 0, 0, 0, 0];
		const width = (documents: number[]) => {
			const { low, high } = meanInterval(values, drawWindows(documents));
			return (high ?? NaN) - (low ?? NaN);
		};
		expect(width([0, 0, 0, 0, 1, 1, 1, 1])).toBe(1);
		expect(width([0, 1, 2, 3, 4, 5, 6, 7])).toBeLessThan(1);
	});

	it('is the same every time', () => {
		const values = [0.1, 0.4, 0.2, 0.9, 0.3];
		const draws = () => drawWindows(values.map(() => 0));
		expect(meanInterval(values, draws())).toEqual(meanInterval(values, draws()));
	});
});

describe('bytes of the predicted tokens', () => {
	/** One token a word, with the space before it. */
	const tokenizer = (bosId: number | null): Tokenizer => ({
		bosId,
		sha256: '',
		encode: () => Promise.reject(new Error('not asked for')),
		pieces: (ids) => ids.map(() => ' ab'),
		byteLengths: (ids) => ids.map(() => 3)
	});
	const documents = [{ name: 'text', text: 'ab ab ab ab' }];
	const ids = [0, 5, 5, 5];

	it('leave out BOS and the space put before the first word', () => {
		expect(predictedBytes({ document: 0, start: 0, ids }, documents, tokenizer(0))).toBe(8);
	});
	it('count a space that stands in the text', () => {
		expect(predictedBytes({ document: 0, start: 2, ids }, documents, tokenizer(0))).toBe(9);
	});
	it('leave out the whole first token where no BOS comes before it', () => {
		expect(predictedBytes({ document: 0, start: 0, ids }, documents, tokenizer(null))).toBe(9);
	});
});
