import { describe, expect, it } from 'vitest';
import { countWords, problemWords } from './modelColumns.ts';

describe('why a model cannot be used', () => {
	it('is said without the path, which stands beside it', () => {
		const folder = '/models/cut/model.onnx';
		expect(problemWords({ folder, problem: `${folder}: no Softmax in it` })).toBe(
			'no Softmax in it'
		);
	});
	it('keeps the path of another file, and what names none', () => {
		const folder = '/models/cut/model.onnx';
		expect(problemWords({ folder, problem: '/models/cut/config.json: not JSON' })).toBe(
			'/models/cut/config.json: not JSON'
		);
		expect(problemWords({ folder, problem: null })).toBeNull();
	});
});

describe('how many models were found', () => {
	const usable = { planned: null, problem: null };
	const planned = { planned: { layers: 16, attending: 12 }, problem: 'written with a plan' };
	const bad = { planned: null, problem: 'cut short' };
	it.each([
		[[], '0'],
		[[usable, usable], '2'],
		[[usable, planned], '1 usable, 1 planned'],
		[[usable, planned, bad, bad], '1 usable, 1 planned, 2 not']
	])('is said of each kind: %#', (models, words) => {
		expect(countWords(models)).toBe(words);
	});
});
