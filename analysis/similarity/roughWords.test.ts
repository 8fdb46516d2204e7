import { expect, it } from 'vitest';
import { roughWords } from '../statistics/resample.ts';

it('cautions about intervals over fewer than 8 windows', () => {
	expect(roughWords(7, 'they')).toBe('With 7 windows they are rough, and most likely too narrow.');
	expect(roughWords(8, 'they')).toBeNull();
});
