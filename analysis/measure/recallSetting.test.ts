import { expect, it } from 'vitest';
import { lengthNotes, recallTokensOf } from './recallSetting.ts';

it('the tokens of a probe are read from the notes that say them', () => {
	const notes = lengthNotes(1024, 256);
	expect(notes).toEqual([
		'recall was measured on probes of 1024 tokens: 256 that come again after 512 others'
	]);
	expect(recallTokensOf(['4 windows instead of 8', ...notes])).toBe(1024);
	expect(lengthNotes(512, 128)).toEqual([]);
	expect(recallTokensOf(['4 windows instead of 8'])).toBe(512);
});
