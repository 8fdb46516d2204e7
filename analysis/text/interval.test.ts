import { expect, it } from 'vitest';
import {
	figureText,
	intervalLabel,
	intervalText,
	lossText,
	overWords,
	unbroken,
	withInterval
} from './interval.ts';

it('stands in brackets, and is empty where there is none', () => {
	expect(intervalText({ low: -0.01, high: 0.2 })).toBe('[−0.010, 0.200]');
	expect(intervalText({ low: null, high: null })).toBe('');
});

it('follows its value', () => {
	expect(withInterval(0.634, { low: 0.63, high: 0.64 })).toBe('0.634 [0.630, 0.640]');
	expect(withInterval(0.634, { low: null, high: null })).toBe('0.634');
	expect(figureText({ value: 0.5, low: 0.25, high: 1 }, 'blocks', 2)).toBe('0.50 [0.25, 1.00]');
	expect(figureText({ value: 0.5, low: 0.5, high: 0.5 }, null)).toBe('0.500');
});

it('of a loss increase has signs', () => {
	expect(lossText({ loss: 0.219, low: -0.01, high: 0.26 })).toBe('+0.219 [−0.010, +0.260]');
	expect(lossText({ loss: 0.0001, low: null, high: null }, 4)).toBe('+0.0001');
	expect(lossText({ loss: null, low: null, high: null })).toBe('–');
});

it('says what it was drawn over', () => {
	expect(intervalLabel('blocks')).toBe('95% CI over blocks of windows of one document');
	expect(intervalLabel(null)).toBe('no interval: a single window');
	expect(overWords('documents')).toBe('over documents, then windows');
	expect(overWords('blocks')).toBe(
		'over blocks of neighbouring windows; they say nothing about other texts'
	);
});

it('keeps ranges on one line', () => {
	expect(unbroken('at 0.10–0.25')).toBe('at 0.10\u2060–\u20600.25');
});
