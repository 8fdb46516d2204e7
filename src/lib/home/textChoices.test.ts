import { expect, it } from 'vitest';
import { textsOf, type TextChoices } from './textChoices.ts';

const choices: TextChoices = {
	from: 'samples',
	samples: ['walden'],
	pasted: 'Some words.',
	files: [{ name: 'a.txt', text: 'A.' }]
};

it('sends the texts of the chosen kind alone', () => {
	expect(textsOf(choices)).toEqual([{ sample: 'walden' }]);
	expect(textsOf({ ...choices, from: 'pasted' })).toEqual([
		{ name: 'pasted text', text: 'Some words.' }
	]);
	expect(textsOf({ ...choices, from: 'files' })).toEqual([{ name: 'a.txt', text: 'A.' }]);
});
it('takes white space alone for no text', () => {
	expect(textsOf({ ...choices, from: 'pasted', pasted: ' \n' })).toEqual([]);
});
