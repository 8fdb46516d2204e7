import type { Cookies } from '@sveltejs/kit';
import { expect, test } from 'vitest';
import { demandToken } from './token.ts';

const TOKEN = 'a-token-of-the-server';

/** A visitor's cookies, of which there is one at most. */
function jar(kept?: string): Cookies {
	return {
		get: () => kept,
		getAll: () => [],
		set: () => undefined,
		delete: () => undefined,
		serialize: (name, value, { path, httpOnly, sameSite, secure }) =>
			JSON.stringify([name, value, path, httpOnly, sameSite, secure])
	};
}

const page = (search: string) => new URL(`http://lab.example:5178/runs/a${search}`);

test('the first visit moves the token from the address to a cookie that scripts and other sites do not get', () => {
	const answer = demandToken(page(`?metric=js&token=${TOKEN}`), jar(), TOKEN);
	expect(answer?.status).toBe(303);
	expect(answer?.headers.get('location')).toBe('/runs/a?metric=js');
	expect(JSON.parse(answer?.headers.get('set-cookie') ?? '')).toEqual([
		'spanwise-token',
		TOKEN,
		'/',
		true,
		'strict',
		false
	]);
});

test('a visitor with the cookie goes on', () => {
	expect(demandToken(page(''), jar(TOKEN), TOKEN)).toBeNull();
});

test.each([
	['no token', '', undefined],
	['a wrong token', '?token=guess', undefined],
	['a wrong cookie', '', 'guess']
])('%s is refused in plain words', async (_, search, kept) => {
	const answer = demandToken(page(search), jar(kept), TOKEN);
	expect(answer?.status).toBe(401);
	expect(await answer?.text()).toContain('This server needs its token');
	expect(answer?.headers.get('set-cookie')).toBeNull();
});
