import { isIPv6 } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';

/** A name under which others reach a server that listens on `host`; wildcards have no name of their own. */
export function reachableName(host: string): string {
	if (host !== '0.0.0.0' && host !== '::') return host;
	const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
	const outside = addresses.find(({ internal, family }) => !internal && family === 'IPv4');
	return outside?.address ?? hostname();
}

/** The address to open; the token, where there is one, is in it once and then becomes a cookie. */
export function urlOf(host: string, port: number, token: string | null): string {
	const name = isIPv6(host) ? `[${host}]` : host;
	return `http://${name}:${port}${token === null ? '' : `/?token=${encodeURIComponent(token)}`}`;
}
