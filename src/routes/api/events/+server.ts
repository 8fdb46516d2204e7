import { jobEvents } from '$lib/server/http/events.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ locals }) =>
	jobEvents(locals.workbench.jobs, locals.workbench.stopped);
