import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import { isLoopback, refusal, sameToken, type RequestFacts } from './guard.ts';

const own: RequestFacts = {
	host: '127.0.0.1:5178',
	origin: null,
	fetchSite: null,
	fetchMode: null,
	clientAddress: '127.0.0.1'
};

describe('a server of its own machine', () => {
	test.each([
		{},
		{ host: 'localhost:4000' },
		{ host: '[::1]:5178', clientAddress: '::1' },
		{ clientAddress: '::ffff:127.0.0.1' },
		{ origin: 'http://127.0.0.1:5178', fetchSite: 'same-origin', fetchMode: 'cors' },
		{ fetchSite: 'none', fetchMode: 'navigate' },
		{ fetchSite: 'cross-site', fetchMode: 'navigate' }
	])('answers %o', (facts) => {
		expect(refusal({ ...own, ...facts }, null)).toBeNull();
		expect(refusal({ ...own, ...facts }, '127.0.0.1')).toBeNull();
	});

	test.each([
		[{ host: 'evil.example' }, 'This server is not called evil.example.'],
		[{ host: 'evil.example:5178' }, 'This server is not called evil.example:5178.'],
		[{ host: '127.0.0.1.evil.example' }, 'This server is not called 127.0.0.1.evil.example.'],
		[{ host: '192.168.1.5:5178' }, 'This server is not called 192.168.1.5:5178.'],
		[{ host: null }, 'This server is not called (no Host header).'],
		[{ host: 'a b' }, 'This server is not called a b.'],
		[
			{ origin: 'https://evil.example' },
			'Requests from other sites are refused: https://evil.example.'
		],
		[
			{ origin: 'http://127.0.0.1:3000' },
			'Requests from other sites are refused: http://127.0.0.1:3000.'
		],
		[{ origin: 'null' }, 'Requests from other sites are refused: null.'],
		[{ fetchSite: 'cross-site', fetchMode: 'no-cors' }, 'Requests from other sites are refused.'],
		[{ fetchSite: 'same-site', fetchMode: 'cors' }, 'Requests from other sites are refused.'],
		[
			{ clientAddress: '192.168.1.7' },
			'This server answers its own machine only; your address is 192.168.1.7.'
		]
	])('refuses %o', (facts, message) => {
		expect(refusal({ ...own, ...facts }, null)).toContain(message);
	});
});

describe('a server for others', () => {
	const other = { ...own, clientAddress: '192.168.1.7' };

	test('answers by the name it was given, and by loopback names', () => {
		expect(refusal({ ...other, host: 'lab.example:5178' }, 'lab.example')).toBeNull();
		expect(refusal({ ...other, host: 'localhost:5178' }, 'lab.example')).toBeNull();
		expect(refusal({ ...other, host: 'evil.example' }, 'lab.example')).toContain('not called');
	});

	test('listening everywhere, answers by any address and its own name, but by no foreign name', () => {
		expect(refusal({ ...other, host: '192.168.1.5:5178' }, '0.0.0.0')).toBeNull();
		expect(refusal({ ...other, host: '[fe80::1]:5178' }, '::')).toBeNull();
		expect(refusal({ ...other, host: hostname() }, '0.0.0.0')).toBeNull();
		expect(refusal({ ...other, host: 'evil.example' }, '0.0.0.0')).toContain('not called');
	});
});

test('loopback is 127.0.0.0/8, ::1 and localhost, and nothing that only looks like it', () => {
	const loopback = ['localhost', '127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1'];
	const others = ['0.0.0.0', '::', '10.0.0.1', '127.evil.example', 'localhost.evil.example', ''];
	expect(loopback.filter(isLoopback)).toEqual(loopback);
	expect(others.filter(isLoopback)).toEqual([]);
});

test('tokens are the same or not, whatever their lengths', () => {
	expect(sameToken('a secret', 'a secret')).toBe(true);
	expect(sameToken('a secre', 'a secret')).toBe(false);
	expect(sameToken('', 'a secret')).toBe(false);
});
