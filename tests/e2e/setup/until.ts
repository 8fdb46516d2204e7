import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 25;

/** Asks again and again until there is an answer other than undefined; rejects after `timeoutMs`, naming `what`. */
export async function until<T>(
	what: string,
	ask: () => Promise<T | undefined> | T | undefined,
	timeoutMs = 30_000
): Promise<T> {
	const deadline = performance.now() + timeoutMs;
	for (;;) {
		const answer = await ask();
		if (answer !== undefined) return answer;
		if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`);
		await pause(POLL_MS);
	}
}
