import { expect, it } from 'vitest';
import { sure } from '../../../../tests/builders/benchReport.ts';
import { timeRatioText } from './past.ts';

it('shows a ratio of times only where its interval leaves out 1', () => {
	expect(timeRatioText(sure(0.866, 0.887, 0.918))).toBe('×0.89');
	expect(timeRatioText(sure(0.9, 1.071, 1.2))).toBe('unclear');
	expect(timeRatioText({ median: 0.76, q25: 0.7, q75: 0.8, low: null, high: null })).toBe(
		'unclear'
	);
});
