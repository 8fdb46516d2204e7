import { expect, it } from 'vitest';
import { slidingWindowWords } from './slidingWindow.ts';

it.each([
	[[null, null], 'none'],
	[[512, 512], '512 tokens'],
	[[512, null, 512], '512 tokens in 2 of 3 layers'],
	[[512, null, 128], '128 or 512 tokens in 2 of 3 layers']
])('says of sliding windows of %j: %s', (slidingWindows, words) => {
	expect(slidingWindowWords(slidingWindows)).toBe(words);
});
