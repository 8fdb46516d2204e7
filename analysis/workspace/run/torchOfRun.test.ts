import { expect, it } from 'vitest';
import { torchOfRun } from './torchOfRun.ts';

const engine = { name: 'torch', path: 'resident', device: 'cuda:1', dtype: 'bfloat16' } as const;

it('a model that only PyTorch runs is asked for as its run was made', () => {
	const model = { onlyTorch: 'architecture is "OPTForCausalLM"' };
	expect(torchOfRun({ model, engine })).toEqual({ device: 'cuda:1', dtype: 'bfloat16' });
});

it('any other leaves the engine open, whatever made its run', () => {
	expect(torchOfRun({ model: {}, engine })).toBeNull();
});
