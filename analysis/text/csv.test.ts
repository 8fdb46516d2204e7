import { describe, expect, it } from 'vitest';
import { cardLines, csv, matrixCsv } from './csv.ts';

describe('csv', () => {
	it('quotes what must be quoted, and leaves null empty', () => {
		expect(csv([['a, b', 'say "x"', null, 0.5, true]])).toBe('"a, b","say ""x""",,0.5,true\n');
	});
	it.each([
		['=HYPERLINK("x")', `"'=HYPERLINK(""x"")"\n`],
		['+1 (2)', "'+1 (2)\n"],
		['-x', "'-x\n"],
		['@SUM(1)', "'@SUM(1)\n"],
		['\t=1', "'\t=1\n"],
		['\r=1', "' =1\n"],
		['\n=1', "' =1\n"],
		[' =1', "' =1\n"],
		['＝1', "'＝1\n"]
	])('%j is text for a spreadsheet too', (cell, expected) => {
		expect(csv([[cell]])).toBe(expected);
	});
	it('numbers stay numbers, as text too', () => {
		expect(csv([[-0.5, '-0.5', '+2', -1e-7]])).toBe('-0.5,-0.5,+2,-1e-7\n');
	});
	it('a row that begins with # is no comment', () => {
		const rows = [['#1', '#2'], ['#, "a"', 1], ['a#']];
		expect(csv(rows)).toBe('"#1",#2\n"#, ""a""",1\na#\n');
	});
	it('a name stays on its line, in cells and in comments', () => {
		expect(csv([['x\n=HYPERLINK(1)', 'a\r\nb\u2028c']])).toBe('x =HYPERLINK(1),a b c\n');
		expect(cardLines({ text: 'x\n=1', more: { name: 'a\nb' } })).toBe(
			'# text: x =1\n# more: {"name":"a\\nb"}\n'
		);
	});
});

describe('matrixCsv', () => {
	const matrix = Float64Array.of(1, 0.25, 0.5, 1);
	it('rounds to 7 digits, which is what float32 attention bears', () => {
		expect(matrixCsv(Float64Array.of(0.123456789), 1, null)).toBe('layer,0\n0,0.1234568\n');
	});
	it('names layers along the top and the left', () => {
		expect(matrixCsv(matrix, 2, null)).toBe('layer,0,1\n0,1,0.25\n1,0.5,1\n');
		expect(matrixCsv(matrix, 2, null, 'head').startsWith('head,0,1')).toBe(true);
	});
	it('says in comment lines how the numbers came about', () => {
		const definition = { metric: 'cosine', texts: [], modelHash: 'abc' };
		const lines = matrixCsv(matrix, 2, definition).split('\n');
		expect(lines[0]).toBe('# metric: cosine');
		expect(lines).toContain('# modelHash: abc');
		expect(lines.at(-4)).toBe('layer,0,1');
	});
});
