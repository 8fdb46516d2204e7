import * as v from 'valibot';
import { expect, test } from 'vitest';
import { completionRequest } from '$analysis/measure/scoring/completion.ts';
import { METRICS, VIEWS } from '$analysis/similarity/types.ts';
import { newAnalysisSchema } from '../newAnalysisSchema.ts';
import { MAX_BODY_BYTES, readJson } from './body.ts';

function post(body: BodyInit): Request {
	return new Request('http://127.0.0.1/api/jobs', { method: 'POST', body });
}

const analysis = { models: ['a'], texts: [{ sample: 'walden' }], context: 64, windows: 2 };

test('a body is parsed, and what it does not say is the default', async () => {
	expect(await readJson(post(JSON.stringify(analysis)), newAnalysisSchema)).toEqual({
		...analysis,
		metrics: [...METRICS],
		views: [...VIEWS],
		jsRows: 32,
		recall: true,
		torch: null,
		device: 'cpu'
	});
});

test.each([
	[{ ...analysis, models: [] }, 'request: models: choose a model'],
	[{ ...analysis, models: ['a', 'a'] }, 'request: models: a model is named twice'],
	[{ ...analysis, texts: [] }, 'request: texts: choose a text'],
	[
		{ ...analysis, texts: [{ name: 'n'.repeat(1e6), text: 'x' }] },
		'request: texts.0.name: longer than 200 characters; shorten it'
	],
	[{ ...analysis, texts: [{ sample: 'a', text: 'x' }] }, 'request: texts.0.text: not known here'],
	[{ ...analysis, context: 0 }, 'request: context: context must be at least 1'],
	[{ ...analysis, windows: 1.5 }, 'request: windows: windows must be a whole number'],
	[{ ...analysis, metrics: ['euclid'] }, 'request: metrics.0: ']
])('what is wrong with it is said in one line', async (body, message) => {
	await expect(readJson(post(JSON.stringify(body)), newAnalysisSchema)).rejects.toThrow(message);
});

/** Bodies that once ended the server, froze it or filled its log; all are refused in less than a second. */
const HOSTILE: [string, () => string, RegExp][] = [
	[
		'a million empty texts',
		() => `{"texts":[${'[],'.repeat(3e6)}[]]}`,
		/at most 1 MB .* besides texts/
	],
	['a million numbers', () => `{"windows":[${'1,'.repeat(4e6)}1]}`, /besides texts/],
	['a million short strings', () => `[${'"a",'.repeat(4e6)}"a"]`, /besides texts/],
	['deep nesting', () => '['.repeat(8e6), /^request: nested deeper than 32/],
	['deep objects', () => '{"a":'.repeat(1e5), /^request: nested deeper than 32/],
	['an unending string', () => `{"a":"${'x'.repeat(8e6)}`, /^request: not JSON: /],
	['quotes behind backslashes', () => `{"a":"${'\\"'.repeat(4e6)}`, /^request: not JSON: /],
	[
		'a long key',
		() => JSON.stringify({ ...analysis, ['k'.repeat(8e6)]: 1 }),
		/^request: k{200}…: /
	],
	[
		'a long name',
		() => JSON.stringify({ ...analysis, models: ['m'.repeat(8e6)] }),
		/^request: models/
	],
	[
		'100,000 models',
		() => JSON.stringify({ ...analysis, models: Array(1e5).fill('m') }),
		/more than 16/
	],
	[
		'an infinite number',
		() => '{"models":["a"],"texts":[{"sample":"a"}],"context":1e999,"windows":1}',
		/context/
	],
	['two million spaces', () => ' '.repeat(2e6), /besides texts/],
	['nothing', () => '', /^request: not JSON/],
	['null', () => 'null', /^request: found null; expected Object$/],
	['a prototype', () => '{"__proto__":{"models":["a"]}}', /^request: /]
];

test.each(HOSTILE)('%s is refused at once, in a short line', async (_, body, message) => {
	const request = post(body());
	const start = performance.now();
	const error = await readJson(request, newAnalysisSchema).catch((cause: unknown) => cause);
	expect(performance.now() - start).toBeLessThan(1000);
	expect(error).toBeInstanceOf(Error);
	const words = (error as Error).message;
	expect(words).toMatch(message);
	expect(words.length).toBeLessThan(600);
	expect(words).not.toMatch(/\n/);
});

test('what adapter-node cuts off for its own bound is too long, not a fault', async () => {
	const cut = new ReadableStream({
		start: (controller) =>
			controller.error(Object.assign(new Error('Payload Too Large'), { status: 413 }))
	});
	const init: RequestInit & { duplex: 'half' } = { method: 'POST', body: cut, duplex: 'half' };
	const request = () => new Request('http://127.0.0.1/', { ...init });
	await expect(readJson(request(), v.unknown(), 4e6)).rejects.toThrow(
		'request: too long; at most 4 MB can be sent here'
	);
});

test('lists of numbers are as long as an endpoint allows', async () => {
	const prompt = Array.from({ length: 256 }, () => Array<number>(2048).fill(31999));
	const body = JSON.stringify({ model: 'baseline', prompt, echo: true });
	expect(body.length).toBeGreaterThan(3e6);
	await expect(readJson(post(body), completionRequest, 4e6)).rejects.toThrow('at most 1 MB');
	expect((await readJson(post(body), completionRequest, 4e6, 4e6)).prompt).toEqual(prompt);
});

test('texts of many lines and quotes are no structure', async () => {
	const text = 'He said: "[{(" \\ \n'.repeat(400_000);
	const body = JSON.stringify({ ...analysis, texts: [{ name: 'a.txt', text }] });
	const { texts } = await readJson(post(body), newAnalysisSchema);
	expect(texts).toEqual([{ name: 'a.txt', text }]);
});

test('no more than a few long bodies are held at once', async () => {
	const slow = () => {
		const sender: { end: () => void } = { end: () => undefined };
		const body = new ReadableStream({
			start(controller) {
				controller.enqueue(new Uint8Array(1_100_000).fill(0x20));
				sender.end = () => controller.close();
			}
		});
		const init: RequestInit & { duplex: 'half' } = { method: 'POST', body, duplex: 'half' };
		const read = readJson(new Request('http://127.0.0.1/', init), v.unknown());
		return { sender, read };
	};
	const held = [slow(), slow(), slow(), slow()];
	const fifth = slow();
	await expect(fifth.read).rejects.toThrow('the server is busy with other long texts');
	held.forEach(({ sender }) => sender.end());
	await Promise.allSettled(held.map(({ read }) => read));
	const later = slow();
	later.sender.end();
	await expect(later.read).rejects.toThrow('besides texts');
});

test('bytes that are not UTF-8 are refused, not replaced', async () => {
	const body = Buffer.concat([Buffer.from('{"text":"caf'), Buffer.from([0xe9]), Buffer.from('"}')]);
	await expect(readJson(post(body), v.unknown())).rejects.toThrow('request: not UTF-8');
});

test('a body beyond the limit is refused, whatever length it announced', async () => {
	const chunk = new Uint8Array(1_000_000).fill(0x20);
	let sent = 0;
	const endless = new ReadableStream({
		pull(controller) {
			sent += chunk.length;
			controller.enqueue(chunk);
		}
	});
	const init: RequestInit & { duplex: 'half' } = { method: 'POST', body: endless, duplex: 'half' };
	const request = new Request('http://127.0.0.1/', init);
	await expect(readJson(request, v.unknown())).rejects.toThrow(
		'texts: too long; at most 16 MB can be sent'
	);
	expect(sent).toBeLessThan(9 * MAX_BODY_BYTES);
});
