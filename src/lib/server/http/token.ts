import { setTimeout as pause } from 'node:timers/promises';
import type { Cookies } from '@sveltejs/kit';
import { refuse } from './answer.ts';
import { sameToken } from '$analysis/edge/guard.ts';

const PARAMETER = 'token';
const NOTICE =
	'This server needs its token: open the link, ?token=… included, that it printed when it started, or send the header "Authorization: Bearer <token>".';
/** One wrong token is answered after another, each after this long: guessing is slow however many guess at once. */
const GUESS_MS = 500;
/** Wrong tokens that wait for their answer; more get it at once, and a busy server with it. */
const MAX_WAITING_GUESSES = 20;

let guesses: Promise<void> = Promise.resolve();
let waiting = 0;

/**
 * Checks the token of a visitor. Returns the response to give instead of the page; null: they have shown the token. The
 * first visit brings it in the address; it moves to a cookie, so that it stays out of the history and of copied links.
 * Programs send it as a header.
 */
export async function demandToken(
	url: URL,
	{ cookies, authorization }: { cookies: Cookies; authorization: string | null },
	token: string
): Promise<Response | null> {
	const inAddress = url.searchParams.get(PARAMETER);
	if (inAddress !== null && sameToken(inAddress, token)) return welcome(url, cookies, token);
	const bearer = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1] ?? null;
	const kept = cookies.get(cookieName(url)) ?? null;
	const shown = [bearer, kept].filter((given) => given !== null);
	if (shown.some((given) => sameToken(given, token))) return null;
	// An old cookie is no guess: a server that starts anew has a new token.
	if (inAddress !== null || bearer !== null) {
		if (waiting >= MAX_WAITING_GUESSES)
			return refuse(429, 'too many wrong tokens; try again later');
		await slowDown();
	}
	return new Response(NOTICE, { status: 401, headers: { 'content-type': 'text/plain' } });
}

/** Cookies know no ports: those of two servers of one machine need names of their own. */
function cookieName({ port }: URL): string {
	return `spanwise-token-${port || '80'}`;
}

function welcome(url: URL, cookies: Cookies, token: string): Response {
	const clean = new URL(url);
	clean.searchParams.delete(PARAMETER);
	const cookie = cookies.serialize(cookieName(url), token, {
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

async function slowDown(): Promise<void> {
	waiting += 1;
	guesses = guesses.then(() => pause(GUESS_MS));
	await guesses;
	waiting -= 1;
}
