import * as v from 'valibot';
import { expect, test } from 'vitest';
import { newAnalysisSchema } from '../newAnalysisSchema.ts';
import { MAX_BODY_BYTES, readJson } from './body.ts';

function post(body: BodyInit): Request {
	return new Request('http://127.0.0.1/api/jobs', { method: 'POST', body });
}

const analysis = { models: ['a'], texts: [{ sample: 'walden' }], context: 64, windows: 2 };

test('a body is parsed', async () => {
	expect(await readJson(post(JSON.stringify(analysis)), newAnalysisSchema)).toEqual(analysis);
});

test.each([
	[{ ...analysis, models: [] }, 'request, models: choose a model'],
	[{ ...analysis, models: ['a', 'a'] }, 'request, models: a model is named twice'],
	[{ ...analysis, texts: [] }, 'request, texts: choose a text'],
	[{ ...analysis, context: 0 }, 'request, context: context must be at least 1'],
	[{ ...analysis, windows: 1.5 }, 'request, windows: windows must be a whole number'],
	[{ ...analysis, metrics: ['euclid'] }, 'request, metrics.0: ']
])('what is wrong with it is said in one line', async (body, message) => {
	await expect(readJson(post(JSON.stringify(body)), newAnalysisSchema)).rejects.toThrow(message);
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
