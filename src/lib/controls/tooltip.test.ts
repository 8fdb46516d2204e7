import { describe, expect, it } from 'vitest';
import { placeTooltip } from './tooltip.ts';

describe('placeTooltip', () => {
	const drawing = { width: 160, height: 100 };
	it('goes to the sides where there is more space', () => {
		expect(placeTooltip({ left: 0, top: 0, width: 10, height: 10 }, drawing)).toEqual({
			left: 22,
			right: null,
			top: 22,
			bottom: null
		});
		expect(placeTooltip({ left: 150, top: 90, width: 10, height: 10 }, drawing)).toEqual({
			left: null,
			right: 22,
			top: null,
			bottom: 22
		});
	});
	it('stands off from a point on every side', () => {
		expect(placeTooltip({ left: 100, top: 20, width: 0, height: 0 }, drawing)).toEqual({
			left: null,
			right: 72,
			top: 32,
			bottom: null
		});
	});
});
