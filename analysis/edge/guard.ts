import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';

/** Facts about a request that decide if it is answered at all. */
export interface RequestFacts {
	/** Header Host, with its port. */
	host: string | null;
	origin: string | null;
	/** Headers Sec-Fetch-Site and Sec-Fetch-Mode; browsers send them, nothing else need. */
	fetchSite: string | null;
	fetchMode: string | null;
	clientAddress: string;
}

/**
 * Returns the reason for refusing a request; null: it is allowed. A page of another site must not reach the server
 * through the visitor's browser: neither with its own Origin nor by making its own name point here (DNS rebinding,
 * seen by the foreign Host). `listenHost` is the value of --host; null: the option was not given.
 */
export function refusal(facts: RequestFacts, listenHost: string | null): string | null {
	const local = listenHost === null || isLoopback(listenHost);
	if (local && !isLoopback(facts.clientAddress)) {
		return `This server answers its own machine only; your address is ${facts.clientAddress}. To reach it from elsewhere, start it with --host.`;
	}
	const name = hostName(facts.host);
	if (name === null || !isAllowedHost(name, listenHost)) {
		return `This server is not called ${facts.host ?? '(no Host header)'}. Open it by the address it printed when it started.`;
	}
	const foreignOrigin = facts.origin !== null && originHost(facts.origin) !== facts.host;
	const foreignFetch =
		facts.fetchMode !== 'navigate' &&
		(facts.fetchSite === 'cross-site' || facts.fetchSite === 'same-site');
	if (foreignOrigin || foreignFetch) {
		return `Requests from other sites are refused${facts.origin === null ? '' : `: ${facts.origin}`}.`;
	}
	return null;
}

/** 127.0.0.0/8, ::1 (also as IPv4 in IPv6) and localhost. */
export function isLoopback(host: string): boolean {
	const name = host.replace(/^::ffff:/, '');
	return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}

/** Compares without telling by its time how much of a token was right. */
export function sameToken(given: string, expected: string): boolean {
	const digest = (text: string) => createHash('sha256').update(text).digest();
	return timingSafeEqual(digest(given), digest(expected));
}

function isAllowedHost(name: string, listenHost: string | null): boolean {
	if (isLoopback(name)) return true;
	if (listenHost === null) return false;
	// Listening on every address it has no one name: a bare IP address cannot be rebound by a foreign page.
	const everywhere = listenHost === '0.0.0.0' || listenHost === '::';
	if (everywhere) return isIP(name) !== 0 || name === hostname().toLowerCase();
	return name === listenHost.toLowerCase();
}

/** "[::1]:5178" → "::1"; null where it is no host at all. */
function hostName(host: string | null): string | null {
	if (host === null || !URL.canParse(`http://${host}`)) return null;
	const url = new URL(`http://${host}`);
	return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

function originHost(origin: string): string | null {
	return URL.canParse(origin) ? new URL(origin).host : null;
}
