import { expect, it } from 'vitest';
import { planText } from './planText.ts';

it('a plan is read, and what is too large to be one is not', async () => {
	expect(await planText(new File(['{}'], 'plan.json'))).toBe('{}');
	const model = new File([new Uint8Array(4_000_001)], 'model.safetensors');
	await expect(planText(model)).rejects.toThrow(
		'model.safetensors: 4.00 MB; a plan has at most 4 MB'
	);
});
