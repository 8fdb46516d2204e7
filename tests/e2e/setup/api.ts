import { request as httpRequest } from 'node:http';
import type { Job, NewAnalysis, NewJobsAnswer, RunsAnswer } from '../../../src/lib/client/api.ts';
import { until } from './until.ts';

/** A server that takes longer to answer is stuck, and the test should say where. */
const ANSWER_TIMEOUT_MS = 20_000;

/** A job that runs for long enough to be caught in the middle; recall, which takes longer than short windows, has tests of its own. */
export const LONG_ANALYSIS = {
	models: ['mini-llama2'],
	texts: [{ sample: 'walden' }],
	context: 512,
	windows: 96,
	recall: false
} satisfies NewAnalysis;

export const SHORT_ANALYSIS: NewAnalysis = {
	models: ['mini-llama2'],
	texts: [{ sample: 'time-machine' }],
	context: 64,
	windows: 2,
	recall: false
};

/** Queues jobs, as the page's form does. */
export async function queue(url: string, analysis: NewAnalysis): Promise<NewJobsAnswer> {
	const response = await fetch(`${url}/api/jobs`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify(analysis),
		signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS)
	});
	if (response.status !== 201) throw new Error(await response.text());
	return (await response.json()) as NewJobsAnswer;
}

/** The list of jobs, from the first of the server's events. */
export async function jobsOf(url: string): Promise<Job[]> {
	const stop = new AbortController();
	const { body } = await fetch(`${url}/api/events`, {
		signal: AbortSignal.any([stop.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)])
	});
	let text = '';
	for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
		text += chunk;
		const data = /^data: (.*)$/m.exec(text);
		if (data?.[1] !== undefined && text.endsWith('\n\n')) {
			stop.abort();
			return JSON.parse(data[1]) as Job[];
		}
	}
	throw new Error('the events ended before the first');
}

/** Waits until a job is what `fits` says, and returns it. */
export function untilJob(url: string, id: string, fits: (job: Job) => boolean): Promise<Job> {
	return until(
		`job ${id}`,
		async () => (await jobsOf(url)).find((job) => job.id === id && fits(job)),
		180_000
	);
}

export async function runsOf(url: string): Promise<RunsAnswer> {
	return (await (await fetch(`${url}/api/runs`)).json()) as RunsAnswer;
}

/** GET with any headers, Host and Origin too, which fetch does not let through. */
export function get(
	url: string,
	headers: Record<string, string>
): Promise<{ status: number; body: string }> {
	return new Promise((resolve, reject) => {
		const request = httpRequest(url, { headers }, (response) => {
			let body = '';
			response.setEncoding('utf8').on('data', (text: string) => (body += text));
			response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
		});
		request.on('error', reject).end();
	});
}
