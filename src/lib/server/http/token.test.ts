import type { Cookies } from '@sveltejs/kit';
import { expect, test } from 'vitest';
import { demandToken } from './token.ts';

const TOKEN = 'a-token-of-the-server';

/** Makes the credentials that a visitor shows besides the address: a cookie of a name, and a header. */
function shown(
	kept: [name: string, value: string] | null = null,
	authorization: string | null = null
) {
	const cookies: Cookies = {
		get: (name) => (kept?.[0] === name ? kept[1] : undefined),
		getAll: () => [],
		set: () => undefined,
		delete: () => undefined,
		serialize: (name, value, { path, httpOnly, sameSite, secure }) =>
			JSON.stringify([name, value, path, httpOnly, sameSite, secure])
	};
	return { cookies, authorization };
}

const page = (search: string) => new URL(`http://lab.example:5178/runs/a${search}`);

test('the first visit moves the token from the address to a cookie that scripts and other sites do not get', async () => {
	const answer = await demandToken(page(`?metric=js&token=${TOKEN}`), shown(), TOKEN);
	expect(answer?.status).toBe(303);
	expect(answer?.headers.get('location')).toBe('/runs/a?metric=js');
	expect(JSON.parse(answer?.headers.get('set-cookie') ?? '')).toEqual([
		'spanwise-token-5178',
		TOKEN,
		'/',
		true,
		'strict',
		false
	]);
});

test('a visitor with the cookie of this port, or a program with the header, goes on', async () => {
	expect(await demandToken(page(''), shown(['spanwise-token-5178', TOKEN]), TOKEN)).toBeNull();
	expect(await demandToken(page(''), shown(null, `Bearer ${TOKEN}`), TOKEN)).toBeNull();
	const other = await demandToken(page(''), shown(['spanwise-token-5179', TOKEN]), TOKEN);
	expect(other?.status).toBe(401);
});

test.each([
	['no token', '', null, null],
	['a wrong token', '?token=guess', null, null],
	['a wrong cookie', '', 'guess', null],
	['a wrong header', '', null, 'Bearer guess'],
	['another scheme', '', null, `Basic ${TOKEN}`]
])('%s is refused in plain words', async (_, search, kept, header) => {
	const visitor = shown(kept === null ? null : ['spanwise-token-5178', kept], header);
	const answer = await demandToken(page(search), visitor, TOKEN);
	expect(answer?.status).toBe(401);
	expect(await answer?.text()).toContain('This server needs its token');
	expect(answer?.headers.get('set-cookie')).toBeNull();
});

test('wrong tokens are answered one after another, half a second each; the right one at once', async () => {
	const start = performance.now();
	const guesses = ['?token=a', '?token=b', '?token=c'].map((guess) =>
		demandToken(page(guess), shown(), TOKEN)
	);
	await demandToken(page(''), shown(null, `Bearer ${TOKEN}`), TOKEN);
	expect(performance.now() - start).toBeLessThan(400);
	await Promise.all(guesses);
	expect(performance.now() - start).toBeGreaterThan(1400);
	const many = Array.from({ length: 21 }, () => demandToken(page('?token=x'), shown(), TOKEN));
	expect((await many[20])?.status).toBe(429);
}, 60_000);
