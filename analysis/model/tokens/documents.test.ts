import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../errors.ts';
import { decodeDocument, documentFacts } from './documents.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('decodeDocument', () => {
	test('keeps the text as it is, line ends and replacement characters included', () => {
		const text = ' Ça\r\nva\uFFFD? 🙂\n';
		expect(decodeDocument('a.txt', utf8(text))).toEqual({ name: 'a.txt', text });
	});

	test('drops a byte order mark at the start and none elsewhere', () => {
		expect(decodeDocument('a', utf8('\uFEFFx\uFEFFy')).text).toBe('x\uFEFFy');
	});

	test('refuses what is not UTF-8 and names the first bad byte', () => {
		const cases: [number[], number, string][] = [
			[[0x61, 0xe9, 0x62], 1, '0xE9'],
			[[0xff, 0xfe, 0x61, 0x00], 0, '0xFF'],
			[[0xef, 0xbb, 0xbf, 0x61, 0x80], 4, '0x80'],
			[[0xef, 0xbf, 0xbd, 0xc3, 0xa9, 0xc0], 5, '0xC0'],
			[[0x61, 0xf0, 0x9f, 0x99], 1, '0xF0']
		];
		for (const [bytes, offset, value] of cases) {
			const decode = (): unknown => decodeDocument('latin.txt', Uint8Array.from(bytes));
			expect(decode).toThrow(InputError);
			expect(decode).toThrow(
				`latin.txt: not UTF-8: byte ${offset} is ${value}; save the text as UTF-8`
			);
		}
	});

	test('refuses an empty text and a blank one', () => {
		for (const text of ['', '\uFEFF', ' \r\n\t']) {
			expect(() => decodeDocument('a.txt', utf8(text))).toThrow('a.txt: the text is empty');
		}
	});
});

test('documentFacts: SHA-256 of the UTF-8 without byte order mark, UTF-16 code units', () => {
	const document = decodeDocument('a.txt', utf8('\uFEFFé🙂'));
	const sha256 = createHash('sha256').update(utf8('é🙂')).digest('hex');
	expect(documentFacts(document)).toEqual({ name: 'a.txt', sha256, characters: 3 });
});
