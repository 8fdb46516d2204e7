import { describe, expect, it } from 'vitest';
import { defaultTokens, isOnnxModel } from './form.ts';

describe('the tokens that the form starts with', () => {
	it('are those of the command where the model has positions for them', () => {
		expect(defaultTokens(4096)).toEqual({ prompt: 512, generate: 64 });
		expect(defaultTokens(576)).toEqual({ prompt: 512, generate: 64 });
	});
	it.each([575, 200, 128, 64, 3, 2])('fit a model of %i positions', (positions) => {
		const { prompt, generate } = defaultTokens(positions);
		expect(prompt + generate).toBe(positions);
		expect(Math.min(prompt, generate)).toBeGreaterThan(0);
	});
});

it('knows a run of an ONNX file by its path', () => {
	expect(isOnnxModel({ folder: '/models/phi/onnx/model.onnx' })).toBe(true);
	expect(isOnnxModel({ folder: '/models/onnx' })).toBe(false);
});
