import { describe, expect, it } from 'vitest';
import { benchFields } from './form.ts';
import { isOnnxModel } from '../../client/modelPath.ts';

describe('the tokens that the form starts with', () => {
	it('are those of the command where the model has positions for them', () => {
		expect(benchFields(4096)).toMatchObject({ prompt: 512, generate: 64 });
		expect(benchFields(576)).toMatchObject({ prompt: 512, generate: 64 });
	});
	it.each([575, 200, 128, 64, 3, 2])('fit a model of %i positions', (positions) => {
		const { prompt, generate } = benchFields(positions);
		expect((prompt ?? NaN) + (generate ?? NaN)).toBe(positions);
		expect(Math.min(prompt ?? NaN, generate ?? NaN)).toBeGreaterThan(0);
	});
});

it('knows a run of an ONNX file by its path', () => {
	expect(isOnnxModel({ folder: '/models/phi/onnx/model.onnx' })).toBe(true);
	expect(isOnnxModel({ folder: '/models/onnx' })).toBe(false);
});
