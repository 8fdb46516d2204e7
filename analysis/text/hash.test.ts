import { expect, it } from 'vitest';
import { shortHash } from './hash.ts';

it('keeps twelve digits', () => {
	expect(shortHash('a1b2c3d4e5f6' + '0'.repeat(52))).toBe('a1b2c3d4e5f6');
});
