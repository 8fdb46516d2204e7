import { expect, it } from 'vitest';
import { configText } from './configText.ts';

it('writes floats of the original as floats, and whole numbers as whole numbers', () => {
	const original = '{"a": 7.0, "b": 7, "c": {"d":-1.00}, "e": 0.5, "f": 3.0}';
	const config = { a: 7, b: 7, c: { d: -1 }, e: 0.5, f: 4, g: 'x' };
	expect(configText(config, original).split('\n')).toEqual([
		...['{', '  "a": 7.0,', '  "b": 7,', '  "c": {', '    "d": -1.00', '  },'],
		...['  "e": 0.5,', '  "f": 4,', '  "g": "x"', '}', '']
	]);
});
