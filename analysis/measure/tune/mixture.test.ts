import { expect, it } from 'vitest';
import { planFor } from '../../../tests/builders/deployed.ts';
import { withModel } from '../../model/open.ts';
import { prepareTune } from './prepare.ts';

it('a mixture is not tuned, and the message says what can be done', async () => {
	const folder = 'tests/fixtures/families/mixtral';
	const plan = await planFor(folder, [0, 1, null]);
	const request = {
		...{
			modelFolder: folder,
			documents: [],
			home: folder,
			memoryLimitBytes: null,
			questions: null,
			plan
		},
		...{ context: 32, windows: 1, steps: 1, batch: 1, learningRate: null, distill: 1 },
		...{ lora: null, patience: 3, seed: 0, compare: true, device: 'cpu', dtype: 'float32' as const }
	};
	await expect(
		withModel(folder, (model) => prepareTune(model, { ...request, planFolder: folder }))
	).rejects.toThrow('mixtral: a mixture of experts, which cannot be tuned here');
});
