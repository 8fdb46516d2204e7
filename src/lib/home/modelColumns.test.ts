import { describe, expect, it } from 'vitest';
import { problemWords } from './modelColumns.ts';

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
