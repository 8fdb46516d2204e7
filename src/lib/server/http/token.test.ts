import type { Cookies } from '@sveltejs/kit';
import { expect, test } from 'vitest';
import { demandToken } from './token.ts';

const TOKEN = 'a-token-of-the-server';

/** A jar of cookies that also notes how they were set. */
function cookieJar(kept?: string): { cookies: Cookies; set: unknown[][] } {
	const set: unknown[][] = [];
	const cookies: Cookies = {
		get: () => kept,
		getAll: () => [],
		set: (...values) => set.push(values),
		delete: () => undefined,
		serialize: () => ''
	};
	return { cookies, set };
}

const page = (search: string) => new URL(`http://lab.example:5178/runs/a${search}`);

test('the first visit moves the token from the address to a cookie that scripts and other sites do not get', () => {
	const { cookies, set } = cookieJar();
	const answer = demandToken(page(`?metric=js&token=${TOKEN}`), cookies, TOKEN);
	expect(answer?.status).toBe(303);
	expect(answer?.headers.get('location')).toBe('/runs/a?metric=js');
	expect(set).toEqual([
		['spanwise-token', TOKEN, { path: '/', httpOnly: true, sameSite: 'strict', secure: false }]
	]);
});

test('a visitor with the cookie goes on', () => {
	expect(demandToken(page(''), cookieJar(TOKEN).cookies, TOKEN)).toBeNull();
});

test.each([
	['no token', '', undefined],
	['a wrong token', '?token=guess', undefined],
	['a wrong cookie', '', 'guess']
])('%s is refused in plain words', async (_, search, kept) => {
	const { cookies, set } = cookieJar(kept);
	const answer = demandToken(page(search), cookies, TOKEN);
	expect(answer?.status).toBe(401);
	expect(await answer?.text()).toContain('This server needs its token');
	expect(set).toEqual([]);
});
