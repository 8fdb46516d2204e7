import { describe, expect, it } from 'vitest';
import { RECALL_OFF } from '$analysis/measure/recallSetting.ts';
import { madeUpBench } from '../../../../tests/builders/benchReport.ts';
import { madeUpPlan } from '../../../../tests/builders/results.ts';
import { benchFields, benchFieldsOf, benchRequest } from './form.ts';
import { isOnnxModel } from '../../client/modelPath.ts';

describe('the tokens that the form starts with', () => {
	it('are those of the command where the model has positions for them', () => {
		expect(benchFields(4096, [])).toMatchObject({ prompt: 512, generate: 64 });
		expect(benchFields(576, [])).toMatchObject({ prompt: 512, generate: 64 });
	});
	it.each([575, 200, 128, 64, 3, 2])('fit a model of %i positions', (positions) => {
		const { prompt, generate } = benchFields(positions, []);
		expect((prompt ?? NaN) + (generate ?? NaN)).toBe(positions);
		expect(Math.min(prompt ?? NaN, generate ?? NaN)).toBeGreaterThan(0);
	});
});

describe('the texts of the form', () => {
	const samples = ['hound', 'walden', 'through-the-looking-glass'].map((id) => ({
		...{ id, title: id, author: 'of it', characters: 9 }
	}));
	const asked = { plan: madeUpPlan() };

	it('are those of the command, with recall', () => {
		expect(benchRequest('run', benchFields(4096, samples), asked)).toMatchObject({
			texts: [{ sample: 'walden' }, { sample: 'through-the-looking-glass' }],
			recall: true
		});
	});
	it('are those of the bench that is open, and whether it measured recall', () => {
		const before = benchFields(4096, samples);
		const { cost, ...older } = madeUpBench();
		const opened = benchFieldsOf({ ...older, cost, notes: [RECALL_OFF] }, samples, before);
		expect([opened.texts.samples, opened.recall]).toEqual([['walden'], false]);
		expect(benchFieldsOf(older, samples, before)).toMatchObject({
			texts: before.texts,
			recall: true
		});
	});
	it('have to be chosen', () => {
		const fields = benchFields(4096, samples);
		const none = { ...fields, texts: { ...fields.texts, samples: [] } };
		expect(benchRequest('run', none, asked)).toBeNull();
	});
});

it('knows a run of an ONNX file by its path', () => {
	expect(isOnnxModel({ folder: '/models/phi/onnx/model.onnx' })).toBe(true);
	expect(isOnnxModel({ folder: '/models/onnx' })).toBe(false);
});
