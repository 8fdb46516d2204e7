import { afterEach, describe, expect, it, vi } from 'vitest';
import { NO_LABEL, type Label } from '$analysis/workspace/labels/label.ts';
import { mergeLabels } from '$analysis/workspace/labels/merge.ts';
import type { LabelChange } from '../client/api.ts';
import { LabelBook } from './book.svelte.ts';
import { changeWords } from './words.ts';

const label = (change: Partial<Label>): Label => ({ ...NO_LABEL, ...change });
const subject = { of: 'runs', id: 'a', title: 'mini' } as const;

/** A server that has one label. */
function serving(start: Label) {
	const server = { label: start };
	vi.stubGlobal('fetch', (path: string, { body }: { body: string }) => {
		expect(path).toBe('/api/labels/runs/a');
		const { was, next } = JSON.parse(body) as LabelChange;
		const merged = mergeLabels(server.label, was, next);
		if (merged.conflicts.length > 0) {
			const answer = { message: 'The name was changed elsewhere meanwhile.', label: server.label };
			return Promise.resolve(Response.json(answer, { status: 409 }));
		}
		server.label = merged.label;
		return Promise.resolve(Response.json(merged.label));
	});
	return server;
}
const bookOf = (known: Label) =>
	new LabelBook({ labels: { runs: { a: known }, results: {} }, problems: [], readOnly: null });

afterEach(() => vi.unstubAllGlobals());

describe('the label book', () => {
	it('changes a label, says so, and takes it back and again', async () => {
		const server = serving(NO_LABEL);
		const book = bookOf(NO_LABEL);
		const next = label({ name: 'first', tags: ['paper'], pinned: true });
		await book.change(subject, { was: NO_LABEL, next });
		expect(book.of('runs', 'a')).toEqual(next);
		expect(book.tags).toEqual(['paper']);
		expect(book.notice?.text).toBe('Named “first”. Tagged paper. Pinned.');
		book.notice?.back?.();
		await vi.waitFor(() => expect(book.notice?.kind).toBe('undone'));
		expect(server.label).toEqual(NO_LABEL);
		book.notice?.back?.();
		await vi.waitFor(() => expect(book.notice?.kind).toBe('done'));
		expect(server.label).toEqual(next);
	});
	it('keeps what another tab has written into the other field', async () => {
		const server = serving(label({ note: 'theirs' }));
		const book = bookOf(NO_LABEL);
		await book.change(subject, { was: NO_LABEL, next: label({ name: 'mine' }) });
		expect(server.label).toEqual(label({ name: 'mine', note: 'theirs' }));
		expect(book.of('runs', 'a')).toEqual(server.label);
	});
	it('shows what stands there where both have changed the same', async () => {
		const server = serving(label({ name: 'theirs' }));
		const book = bookOf(NO_LABEL);
		const outcome = await book.change(subject, { was: NO_LABEL, next: label({ name: 'mine' }) });
		expect(outcome.conflict?.label.name).toBe('theirs');
		expect(server.label.name).toBe('theirs');
		expect(book.of('runs', 'a').name).toBe('theirs');
		expect(book.notice).toBeNull();
	});
	it('says why a pin is refused', async () => {
		vi.stubGlobal('fetch', () => Promise.reject(new Error('gone')));
		const book = bookOf(NO_LABEL);
		await book.togglePin(subject);
		expect(book.notice).toEqual({ text: 'gone', kind: 'failed', back: null });
		expect(book.isPinned('runs', 'a')).toBe(false);
	});
});

it('a change is said in words', () => {
	const was = label({ name: 'a', note: 'n', tags: ['x'], pinned: true });
	expect(changeWords(was, NO_LABEL)).toBe(
		'Name removed. Tag removed: x. Note removed. No longer pinned.'
	);
	expect(changeWords(NO_LABEL, label({ note: 'n' }))).toBe('Note saved.');
	expect(changeWords(was, was)).toBe('Nothing changed.');
});
