import { describe, expect, it } from 'vitest';
import { fileName, pixelSize } from './save.ts';

describe('saving', () => {
	it('makes a PNG of 300 dots per inch: 975 pixels for a column', () => {
		expect(pixelSize('<svg width="3.25in" height="2.5in">', 300)).toEqual({
			width: 975,
			height: 750
		});
	});
	it('makes file names of safe characters', () => {
		expect(fileName('meta/Llama 2', 'cosine', 'all.svg')).toBe('meta_Llama_2_cosine_all.svg');
	});
});
