import type { Handle, HandleServerError, ServerInit } from '@sveltejs/kit';
import { building, dev } from '$app/environment';
import { refuse } from '$lib/server/http/answer.ts';
import { refusal } from '$analysis/edge/guard.ts';
import { changesWorkspace } from '$lib/server/http/readOnly.ts';
import { demandToken } from '$lib/server/http/token.ts';
import { isOpenWithoutToken } from '$lib/server/settings.ts';
import { theWorkbench } from '$lib/server/workbench.ts';

export const init: ServerInit = async () => {
	if (building) return;
	const workbench = await theWorkbench();
	if (dev) return;
	// The server itself ends when its connections do; these end the children and the event streams at once.
	process.once('SIGTERM', () => workbench.stop());
	process.once('SIGINT', () => workbench.stop());
};

export const handle: Handle = async ({ event, resolve }) => {
	const response = await guarded(event, () => resolve(event));
	response.headers.set('x-content-type-options', 'nosniff');
	response.headers.set('referrer-policy', 'no-referrer');
	response.headers.set('cross-origin-resource-policy', 'same-origin');
	return response;
};

async function guarded(
	event: Parameters<Handle>[0]['event'],
	answer: () => Response | Promise<Response>
): Promise<Response> {
	const workbench = await theWorkbench();
	const { host, token } = workbench.settings;
	const { headers } = event.request;
	const reason = refusal(
		{
			host: headers.get('host'),
			origin: headers.get('origin'),
			fetchSite: headers.get('sec-fetch-site'),
			fetchMode: headers.get('sec-fetch-mode'),
			clientAddress: event.getClientAddress()
		},
		host
	);
	if (reason !== null) return refuse(403, reason);
	if (isOpenWithoutToken(workbench.settings)) {
		return refuse(
			403,
			'This server listens beyond its own machine and has no token: set SPANWISE_TOKEN.'
		);
	}
	if (token !== null) {
		const { cookies } = event;
		const authorization = headers.get('authorization');
		const demand = await demandToken(event.url, { cookies, authorization }, token);
		if (demand) return demand;
	}
	const problem = workbench.claim.problem();
	if (problem !== null) return refuse(503, problem);
	const { readOnly } = workbench.claim;
	if (readOnly !== null && changesWorkspace(event.request.method, event.url.pathname)) {
		return refuse(
			403,
			`This workspace can only be looked at: ${readOnly}. Start the server with another --home to change anything.`
		);
	}
	event.locals.workbench = workbench;
	return answer();
}

export const handleError: HandleServerError = ({ error, status, message }) => {
	if (status === 404) return { message };
	console.error(error);
	return { message: 'The server failed; details are in its terminal.' };
};
