import type { Cookies } from '@sveltejs/kit';
import { sameToken } from './guard.ts';

const COOKIE = 'spanwise-token';
const PARAMETER = 'token';
const NOTICE =
	'This server needs its token: open the address, ?token=… included, that it printed when it started.';

/**
 * What to answer instead of the page while the visitor has not shown the token; null: they have. The first visit
 * brings it in the address; it moves to a cookie, so that it stays out of the history and of copied links.
 */
export function demandToken(url: URL, cookies: Cookies, token: string): Response | null {
	const given = url.searchParams.get(PARAMETER);
	if (given !== null && sameToken(given, token)) {
		const clean = new URL(url);
		clean.searchParams.delete(PARAMETER);
		const cookie = cookies.serialize(COOKIE, token, {
			path: '/',
			httpOnly: true,
			sameSite: 'strict',
			// Spanwise itself speaks plain http; a proxy that adds TLS is free to add the flag.
			secure: false
		});
		return new Response(null, {
			status: 303,
			headers: { location: clean.pathname + clean.search, 'set-cookie': cookie }
		});
	}
	const kept = cookies.get(COOKIE);
	if (kept !== undefined && sameToken(kept, token)) return null;
	return new Response(NOTICE, { status: 401, headers: { 'content-type': 'text/plain' } });
}
