import { expect, it } from 'vitest';
import type { DeployRecord, Verification } from '../analysis/apply/types.ts';
import { applyText } from './applyText.ts';

/** A record of a written model of 3 layers, whose verification found this. */
function text(verified: Verification): string {
	const record: DeployRecord = {
		format: 'spanwise/model',
		version: 1,
		model: { name: 'm', architecture: 'ONNX', layers: 3, hash: '' },
		target: 'onnx',
		dtype: null,
		plan: null,
		cache: { keys: [0, 1, 2], values: [0, 1, 2] },
		padding: null,
		files: [],
		verified,
		transformers: null,
		createdBy: { name: 'spanwise', version: '0' },
		createdAt: ''
	};
	return applyText(record, 'out');
}

const found = {
	tokens: 64,
	difference: 0.02,
	tolerance: 0.05,
	cachedDifference: 0.03,
	largestLogit: 9
};

it('says what was found, and what is allowed of it', () => {
	expect(text(found)).toContain(
		'64 tokens: logits differ by 2.0e-2, through the cache by 3.0e-2; allowed 5.0e-2\n'
	);
	expect(text({ ...found, cachedTolerance: 0.07 })).toContain(
		'allowed 5.0e-2, through the cache 7.0e-2\n'
	);
	expect(text(found)).not.toContain('rounded');
});

it('says why more is allowed where activations are rounded, and what to do to compare more closely', () => {
	expect(text({ ...found, ownDifference: 0.025 })).toMatch(
		/activations are rounded to 8 bits: read through its cache, the original's own logits differ by 2\.5e-2, and twice that is allowed; to compare more closely, apply the plan to an export that does not round them/
	);
});
