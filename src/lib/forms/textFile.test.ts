import { describe, expect, it } from 'vitest';
import { bytesOfFile, MAX_TEXT_BYTES, textOfBytes } from './textFile.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

describe('textOfBytes', () => {
	it('reads UTF-8 and drops a byte order mark', () => {
		expect(textOfBytes('a.txt', utf8('Grüße, 世界'))).toBe('Grüße, 世界');
		expect(textOfBytes('a.txt', Uint8Array.of(0xef, 0xbb, 0xbf, 0x68, 0x69))).toBe('hi');
	});
	it('refuses Latin-1, naming the first byte that cannot be read', () => {
		const latin1 = Uint8Array.from([...utf8('é Gr'), 0xfc, 0xdf, 0x65]);
		expect(() => textOfBytes('old.txt', latin1)).toThrow(
			'old.txt: not UTF-8 (byte 5 cannot be read); save it as UTF-8 and try again'
		);
	});
	it('is not misled by a replacement character that the text really holds', () => {
		expect(() => textOfBytes('b', Uint8Array.from([...utf8('\uFFFDx'), 0xff]))).toThrow('byte 4');
	});
	it('refuses an empty text and one that is too long', () => {
		expect(() => textOfBytes('e.txt', utf8(' \n'))).toThrow('e.txt: empty; expected some words');
		expect(() => textOfBytes('l.txt', new Uint8Array(MAX_TEXT_BYTES + 1))).toThrow(
			'l.txt: more than 16 MB; at most that much can be sent'
		);
	});
});

it('no more of a file is read than a text may have', async () => {
	const file = new File([new Uint8Array(MAX_TEXT_BYTES + 1000)], 'model.bin');
	expect((await bytesOfFile(file)).byteLength).toBe(MAX_TEXT_BYTES + 1);
	expect(await bytesOfFile(new File(['some words'], 'a.txt'))).toEqual(utf8('some words'));
});
