import { quoted } from '$analysis/edge/quote.ts';
import { refuse } from '$lib/server/http/answer.ts';
import type { RequestHandler } from './$types';

/** Every other address below /api; without this, it would be answered with a page. */
export const fallback: RequestHandler = ({ url, request }) =>
	refuse(404, `${request.method} ${quoted(url.pathname)}: not known`);
