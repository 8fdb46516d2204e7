import { describe, expect, it, vi, type Mock } from 'vitest';
import { InputError } from '$analysis/errors.ts';
import { ModelFolders } from './modelFolders.ts';
import { ModelCatalogue } from './models.ts';

const listing = { id: 'a', folder: '/a', facts: null, problem: null };

/** A catalogue whose reader answers with what is given, one after the other. */
function catalogueOf(...answers: Promise<unknown>[]) {
	const ask = vi.fn();
	for (const answer of answers) ask.mockReturnValueOnce(answer);
	return { ask, catalogue: catalogueWith({ ask }, true) };
}

function catalogueWith(reader: { ask: Mock }, hasTorch: boolean): ModelCatalogue {
	const torch = { python: 'python3', found: Promise.resolve(hasTorch) };
	return new ModelCatalogue('/root', new ModelFolders('/nowhere', []), reader, torch);
}

describe('a model that only PyTorch runs', () => {
	const facts = { onlyTorch: 'architecture is "OPTForCausalLM"' };
	const opt = { id: 'opt', folder: '/opt', facts, problem: null };
	const ask = vi.fn().mockResolvedValue([listing, opt]);

	it('can be used where PyTorch is there', async () => {
		expect(await catalogueWith({ ask }, true).list()).toEqual([listing, opt]);
	});

	it('cannot be used where it is not, and says why and what to do', async () => {
		const [other, unusable] = await catalogueWith({ ask }, false).list();
		expect(other).toEqual(listing);
		expect(unusable.problem).toBe(
			'only PyTorch runs this model: architecture is "OPTForCausalLM"; python3 lacks torch, transformers, accelerate, safetensors or numpy: install them (pip install ./python), or name another Python by SPANWISE_PYTHON'
		);
	});
});

describe('what is known of the models', () => {
	it('is the list where it comes in time', async () => {
		const { catalogue } = catalogueOf(Promise.resolve([listing]));
		expect(await catalogue.known(10_000)).toEqual({ models: [listing], problem: null });
	});

	it('is what was found last while looking takes long, and one look serves all who wait', async () => {
		let found: (models: unknown) => void = () => undefined;
		const slow = new Promise((resolve) => (found = resolve));
		const { catalogue, ask } = catalogueOf(Promise.resolve([listing]), slow);
		await catalogue.list();
		for (let time = 0; time < 2; time++) {
			const { models, problem } = await catalogue.known(1);
			expect(models).toEqual([listing]);
			expect(problem).toMatch(/Still looking/);
		}
		expect(ask).toHaveBeenCalledTimes(2);
		found([]);
		expect(await catalogue.known(10_000)).toEqual({ models: [], problem: null });
	});

	it('says why the models could not be listed', async () => {
		const { catalogue } = catalogueOf(Promise.reject(new InputError('too long')));
		expect(await catalogue.known(10_000)).toEqual({
			models: [],
			problem: 'Models could not be listed: too long'
		});
	});
});
