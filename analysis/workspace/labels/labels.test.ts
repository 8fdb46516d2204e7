import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseUntrusted } from '../../edge/parse.ts';
import { changeLabel, readLabel, readLabels, removeLabel } from './files.ts';
import { MAX_TAGS, NO_LABEL, tagWords, type Label } from './label.ts';
import { labelSchema } from './schema.ts';
import { mergeLabels } from './merge.ts';

const label = (change: Partial<Label>): Label => ({ ...NO_LABEL, ...change });

describe('a label from outside', () => {
	const parsed = (change: object) =>
		parseUntrusted(labelSchema, { ...NO_LABEL, ...change }, 'label');
	it('is trimmed, its tags in lower case, each once, in order', () => {
		expect(parsed({ name: ' for the paper ', tags: ['Zeta', 'alpha', 'zeta '] })).toEqual(
			label({ name: 'for the paper', tags: ['alpha', 'zeta'] })
		);
	});
	it.each([
		[
			{ name: 'x'.repeat(81) },
			'label: name: longer than 80 characters; shorten it, or write a note'
		],
		[{ name: 'a\nb' }, 'label: name: more than one line; expected one'],
		[{ note: 'x'.repeat(2001) }, 'label: note: longer than 2000 characters; shorten it'],
		[
			{ tags: ['two words'] },
			'label: tags.0: found "two words"; expected a tag of letters, digits, dots, dashes and underscores, such as paper or run-2'
		],
		[
			{ tags: Array.from({ length: MAX_TAGS + 1 }, (_, index) => `t${index}`) },
			'label: tags: more than 20 entries; at most 20 are allowed'
		],
		[{ colour: 'red' }, 'label: colour: not known here']
	])('is refused: %#', (change, message) => {
		expect(() => parsed(change)).toThrow(message);
	});
	it('has its tags between blanks or commas', () => {
		expect(tagWords(' paper, run-2  x,')).toEqual(['paper', 'run-2', 'x']);
	});
});

describe('two changes of one label', () => {
	const was = label({ name: 'a', note: 'n', tags: ['x'] });
	it('of different fields are both kept', () => {
		const current = label({ name: 'a', note: 'other note', tags: ['x', 'z'], pinned: true });
		const next = label({ name: 'b', note: 'n', tags: ['y'] });
		expect(mergeLabels(current, was, next)).toEqual({
			label: label({ name: 'b', note: 'other note', tags: ['y', 'z'], pinned: true }),
			conflicts: []
		});
	});
	it('of one text conflict, unless they are the same', () => {
		const current = label({ ...was, name: 'theirs' });
		expect(mergeLabels(current, was, label({ ...was, name: 'mine' }))).toEqual({
			label: current,
			conflicts: ['name']
		});
		expect(mergeLabels(current, was, label({ ...was, name: 'theirs' })).conflicts).toEqual([]);
	});
});

describe('labels in a workspace', () => {
	let home: string;
	beforeEach(async () => {
		home = await mkdtemp(join(tmpdir(), 'spanwise-labels-'));
	});
	afterEach(() => rm(home, { recursive: true }));
	const put = (id: string, change: Partial<Label>, was = label({})) =>
		changeLabel(home, 'runs', id, { was, next: { ...was, ...change } });

	it('are a file each, whole, and none where the label is empty', async () => {
		await put('a', { name: 'first', pinned: true });
		await changeLabel(home, 'results', 'r', { was: label({}), next: label({ tags: ['paper'] }) });
		expect(JSON.parse(await readFile(join(home, 'labels', 'runs', 'a.json'), 'utf8'))).toEqual({
			...{ format: 'spanwise/label', version: 1 },
			...label({ name: 'first', pinned: true })
		});
		expect(await readLabels(home)).toEqual({
			labels: {
				runs: { a: label({ name: 'first', pinned: true }) },
				results: { r: label({ tags: ['paper'] }) }
			},
			problems: []
		});
		await put('a', { name: '', pinned: false }, label({ name: 'first', pinned: true }));
		expect(await readdir(join(home, 'labels', 'runs'))).toEqual([]);
	});
	it('are not written where both changed a text', async () => {
		await put('a', { name: 'theirs' });
		expect((await put('a', { name: 'mine' })).conflicts).toEqual(['name']);
		expect(await readLabel(home, 'runs', 'a')).toEqual(label({ name: 'theirs' }));
	});
	it('that cannot be read are named, and the others are there', async () => {
		await put('a', { name: 'first' });
		const broken = join(home, 'labels', 'runs', 'b.json');
		await writeFile(broken, '{"format": "spanwise/label", "version": 2}');
		const { labels, problems } = await readLabels(home);
		expect(Object.keys(labels.runs)).toEqual(['a']);
		expect(problems).toEqual([`${broken}: version: found 2; expected 1`]);
		expect((await put('b', { name: 'anew' })).label.name).toBe('anew');
	});
	it('go with what they are of', async () => {
		await put('a', { name: 'first' });
		await removeLabel(home, 'runs', 'a');
		await removeLabel(home, 'runs', 'a');
		expect(await readLabel(home, 'runs', 'a')).toEqual(NO_LABEL);
	});
	it('are of ids and no paths', async () => {
		await mkdir(join(home, 'labels'), { recursive: true });
		await expect(put('../x', { name: 'n' })).rejects.toThrow('label of "../x": not an id');
	});
});
