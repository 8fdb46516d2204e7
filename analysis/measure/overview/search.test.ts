import { describe, expect, it } from 'vitest';
import { isFound, parseSearch, searchTerm } from './search.ts';

const columns = ['model', 'label', 'tags', 'note', 'loss', 'id'];
const rows = [
	{ model: 'mini-llama2', label: 'first try', tags: 'draft paper', note: null, loss: 0.2, id: 'a' },
	{ model: 'mini-llama3', label: null, tags: 'paper-2', note: 'try again', loss: 0.05, id: 'b' },
	{ model: 'gpt2', label: null, tags: null, note: null, loss: null, id: 'c' }
];
const found = (text: string) =>
	rows.filter((row) => isFound(row, parseSearch(text, columns))).map(({ id }) => id);

describe('a line of search', () => {
	it.each([
		['', ['a', 'b', 'c']],
		['TRY', ['a', 'b']],
		['try llama3', ['b']],
		['"first try"', ['a']],
		['tag:paper', ['a']],
		['tag!=paper', ['b', 'c']],
		['tags~paper', ['a', 'b']],
		['model:llama loss<0.1', ['b']],
		['loss>=0.2 tag:draft try', ['a']],
		['name:"first try"', ['a']],
		['NAME:first', ['a']],
		['model=mini-llama3', ['b']],
		['"a:b"', []]
	])('%s', (text, expected) => {
		expect(found(text)).toEqual(expected);
	});
	it.each([
		[
			'colour:red',
			'search: colour:red: expected a column, one of : = != < <= > >= and a value, such as tag:paper, or the term in double quotes; columns: model, label, tags, note, loss, id'
		],
		['loss<', 'search: loss<: no value; expected one after <, in double quotes where it has blanks']
	])('%s is refused with what is allowed', (text, message) => {
		expect(() => parseSearch(text, columns)).toThrow(message);
	});
	it('holds a condition of the command, whatever blanks are in it', () => {
		expect(searchTerm('loss<0.1')).toBe('loss<0.1');
		expect(searchTerm('label != first try')).toBe('label!="first try"');
		expect(found(searchTerm('label = first try'))).toEqual(['a']);
	});
});
