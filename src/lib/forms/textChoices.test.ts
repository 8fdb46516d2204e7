import { expect, it } from 'vitest';
import { choicesOf, sampleChoices, textsOf, type TextChoices } from './textChoices.ts';

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

const samples = ['time-machine', 'walden'].map((id) => ({
	id,
	title: id,
	author: '',
	characters: 9
}));
it('starts with the samples asked for, or with the first of all where there is none of them', () => {
	expect(sampleChoices(samples, ['walden', 'gone']).samples).toEqual(['walden']);
	expect(sampleChoices(samples, ['gone']).samples).toEqual(['time-machine']);
	expect(sampleChoices([], ['walden']).samples).toEqual([]);
});
it('finds the samples that a result was measured on, and no other text', () => {
	expect(choicesOf([{ name: 'walden.txt' }], samples)?.samples).toEqual(['walden']);
	expect(choicesOf([{ name: 'walden.txt' }, { name: 'mine.txt' }], samples)).toBe(null);
	expect(choicesOf([], samples)).toBe(null);
});
