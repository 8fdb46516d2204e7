import { describe, expect, it } from 'vitest';
import { colouredTokens, colourReach, tokenColour, visiblePiece } from './tokens.ts';

const tokens = {
	window: 2,
	pieces: ['the', ' cat', '\n'],
	baseline: [1, 2, 3],
	shared: [1, 4, 2.5]
};

describe('tokens coloured by added loss', () => {
	it('keep both losses and their difference', () => {
		const [first, second, third] = colouredTokens(tokens, 2);
		expect([first.added, second.added, third.added]).toEqual([0, 2, -0.5]);
		expect(second).toMatchObject({ piece: ' cat', baseline: 2, shared: 4 });
		expect(first.background).toBeUndefined();
	});
	it('tend to one colour where sharing hurt and to the other where it helped', () => {
		expect(tokenColour(2, 2)).toBe('color-mix(in srgb, var(--hurt) 62%, transparent)');
		expect(tokenColour(-1, 2)).toBe('color-mix(in srgb, var(--helped) 31%, transparent)');
		expect(tokenColour(99, 2)).toBe(tokenColour(2, 2));
	});
	it('reach their full colour where few tokens lie beyond, never below half a nat', () => {
		expect(colourReach([tokens])).toBe(2);
		expect(colourReach([{ ...tokens, shared: tokens.baseline }])).toBe(0.5);
		expect(colourReach([])).toBe(0.5);
	});
	it('are named with their spaces and line breaks', () => {
		expect(visiblePiece(' a\n')).toBe('␣a⏎');
	});
});
