import { expect, test, vi, beforeEach, afterEach } from 'vitest';
import type { Job } from '$lib/client/api.ts';
import { jobEvents, type JobFeed } from './events.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A list of jobs that tests change by hand. */
class Feed implements JobFeed {
	jobs: Job[] = [];
	readonly listeners = new Set<() => void>();
	list(): Job[] {
		return this.jobs;
	}
	subscribe(listener: () => void): () => void {
		this.listeners.add(listener);
		return () => void this.listeners.delete(listener);
	}
	change(id: string): void {
		this.jobs = [{ ...job, id }];
		for (const listener of this.listeners) listener();
	}
}

const job: Job = {
	id: 'a1',
	kind: 'analyze',
	name: 'analysis',
	extent: '',
	state: 'queued',
	model: 'm',
	texts: ['a.txt'],
	context: 8,
	windows: 1,
	createdAt: '2026-01-01T00:00:00.000Z',
	progress: null,
	estimate: null,
	run: null,
	result: null,
	reason: null,
	telemetry: null
};

function open(feed: Feed) {
	const stopped = new AbortController();
	const response = jobEvents(feed, stopped.signal);
	const reader = response.body?.getReader();
	if (!reader) throw new Error('no body');
	const read = async () => {
		const { value, done } = await reader.read();
		return done ? null : new TextDecoder().decode(value);
	};
	return { response, read, leave: () => reader.cancel(), stopped };
}

test('the list comes at once, and several readers each get it', async () => {
	const feed = new Feed();
	feed.jobs = [job];
	for (const { response, read } of [open(feed), open(feed)]) {
		expect(response.headers.get('content-type')).toBe('text/event-stream');
		expect(await read()).toBe(`event: jobs\ndata: ${JSON.stringify([job])}\n\n`);
	}
	expect(feed.listeners.size).toBe(2);
});

test('many changes at once become one event with the newest list', async () => {
	const feed = new Feed();
	const { read } = open(feed);
	await read();
	feed.change('b1');
	feed.change('b2');
	await vi.advanceTimersByTimeAsync(250);
	expect(await read()).toContain('"id":"b2"');
	await vi.advanceTimersByTimeAsync(14_750);
	expect(await read()).toBe(': alive\n\n');
});

test('a reader that goes away is forgotten', async () => {
	const feed = new Feed();
	const { read, leave } = open(feed);
	await read();
	await leave();
	expect(feed.listeners.size).toBe(0);
	expect(vi.getTimerCount()).toBe(0);
});

test('the stream ends when the server stops', async () => {
	const feed = new Feed();
	const { read, stopped } = open(feed);
	await read();
	stopped.abort();
	expect(await read()).toBeNull();
	expect(feed.listeners.size).toBe(0);
	expect(vi.getTimerCount()).toBe(0);
});
