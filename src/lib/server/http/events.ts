import type { Job } from '$lib/client/api.ts';

/** Progress comes often; a page needs it four times a second. */
const MIN_INTERVAL_MS = 250;
/** Keeps proxies and browsers from thinking that the connection is dead. */
const HEARTBEAT_MS = 15_000;

/** Source of jobs to watch: the job manager. */
export interface JobFeed {
	list(): Job[];
	/** Returns how to unsubscribe. */
	subscribe(listener: () => void): () => void;
}

/** The list of jobs as server-sent events: at once, then after every change; ends with the client or `stopped`. */
export function jobEvents(jobs: JobFeed, stopped: AbortSignal): Response {
	let close: () => void = () => undefined;
	const stream = new ReadableStream<Uint8Array>({
		start(controller) {
			const encoder = new TextEncoder();
			let timer: NodeJS.Timeout | null = null;
			const send = () => {
				timer = null;
				// A client that does not read gets the newest list when it reads again, not every one in between.
				if ((controller.desiredSize ?? 0) <= 0) {
					timer = setTimeout(send, MIN_INTERVAL_MS);
					return;
				}
				const data = JSON.stringify(jobs.list());
				controller.enqueue(encoder.encode(`event: jobs\ndata: ${data}\n\n`));
			};
			const unsubscribe = jobs.subscribe(() => {
				timer ??= setTimeout(send, MIN_INTERVAL_MS);
			});
			const heartbeat = setInterval(() => {
				if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(': alive\n\n'));
			}, HEARTBEAT_MS);
			const end = () => {
				close();
				controller.close();
			};
			close = () => {
				unsubscribe();
				clearInterval(heartbeat);
				if (timer) clearTimeout(timer);
				stopped.removeEventListener('abort', end);
			};
			stopped.addEventListener('abort', end);
			send();
		},
		cancel() {
			close();
		}
	});
	return new Response(stream, {
		headers: {
			'content-type': 'text/event-stream',
			'cache-control': 'no-store',
			'x-accel-buffering': 'no'
		}
	});
}
