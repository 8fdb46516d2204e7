import { describe, expect, it } from 'vitest';
import { lengthNotes } from '$analysis/measure/recallSetting.ts';
import type { Search } from '$analysis/measure/search/types.ts';
import { searchFields, searchFieldsOf, searchMissing, searchRequest } from './form.ts';

const samples = ['time-machine', 'walden'].map((id) => ({
	id,
	title: id,
	author: '',
	characters: 9
}));
const before = searchFields({ model: { layers: 16, maxPositions: 2048 } }, samples);
const stored = {
	texts: [{ name: 'walden.txt', sha256: '', characters: 9 }],
	windows: 2,
	context: 64
};
const searchOf = (report: object, settings?: Search['settings']) =>
	({
		report: { plans: [], ...report },
		settings,
		notes: lengthNotes(1024, 256)
	}) as unknown as Search;

describe('the form takes the settings of a search that is open', () => {
	const settings = {
		...{ maxSpan: 3, protectedLayers: [0, 15], repair: true },
		...{ recall: false, maxRecallIncrease: 0.2 }
	};
	const fields = searchFieldsOf(
		stored,
		searchOf({ goal: { kind: 'save', axis: 'parameters', share: 0.07 } }, settings),
		samples,
		before
	);

	it('so that sending it asks for the same search again', () => {
		expect(searchRequest('run', fields, 16)).toEqual({
			kind: 'search',
			run: 'run',
			texts: [{ sample: 'walden' }],
			context: 64,
			windows: 2,
			goal: { kind: 'save', axis: 'parameters', share: 0.07 },
			...settings,
			recallTokens: 1024
		});
	});
	it('and keeps what the result does not say: texts that are no samples, limits of earlier versions', () => {
		const old = searchFieldsOf(
			{ ...stored, texts: [{ name: 'mine.txt', sha256: '', characters: 9 }] },
			searchOf({ goal: { kind: 'followers', followers: 2 }, plans: [{ repaired: true }] }),
			samples,
			{ ...before, maxSpan: 5, protectedText: '1' }
		);
		expect(old).toMatchObject({
			goal: 'followers',
			followers: 2,
			texts: before.texts,
			maxSpan: 5,
			protectedText: '1',
			repair: true
		});
	});
});

it('says which layers may be protected where the list is none', () => {
	expect(searchMissing({ ...before, protectedText: '0, 16' }, 16)).toBe(
		'Protected layers: expected numbers from 0 to 15, with commas between them.'
	);
	expect(searchMissing({ ...before, protectedText: '' }, 16)).toBe(null);
});
it('asks for nothing while a number is missing', () => {
	expect(searchRequest('run', { ...before, followers: null }, 16)).toBe(null);
	expect(searchRequest('run', { ...before, windows: null }, 16)).toBe(null);
	expect(searchRequest('run', { ...before, recallTokens: null }, 16)).toBe(null);
});

describe('questions of a search', () => {
	it('are asked with the accuracy that the plan may lose, as a fraction', () => {
		const asked = { ...before, task: 'continuations' as const, maxAccuracyDropPercent: 1.5 };
		expect(searchRequest('run', asked, 16)).toMatchObject({
			questions: 'continuations',
			maxAccuracyDrop: 0.015
		});
	});
	it('are not mentioned where none are wanted', () => {
		expect(before.maxAccuracyDropPercent).toBe(2);
		expect(searchRequest('run', before, 16)).not.toHaveProperty('maxAccuracyDrop');
	});
	it('are missing until their file is chosen', () => {
		const file = { ...before, task: 'file' as const };
		expect(searchMissing(file, 16)).toBe('Choose a file of questions.');
		expect(searchRequest('run', file, 16)).toBe(null);
	});
});
