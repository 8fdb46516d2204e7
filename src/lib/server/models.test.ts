import { describe, expect, it, vi } from 'vitest';
import { InputError } from '$analysis/errors.ts';
import { ModelFolders } from './modelFolders.ts';
import { ModelCatalogue } from './models.ts';

const listing = { id: 'a', folder: '/a' };

/** A catalogue whose reader answers with what is given, one after the other. */
function catalogueOf(...answers: Promise<unknown>[]) {
	const ask = vi.fn();
	for (const answer of answers) ask.mockReturnValueOnce(answer);
	return { ask, catalogue: new ModelCatalogue('/root', new ModelFolders('/nowhere', []), { ask }) };
}

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
