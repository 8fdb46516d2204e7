/** Estimates, checks of a plan and reports: asked by POST, and nothing is changed. */
const ASKED_BY_POST = /^\/api\/(?:estimate$|models\/|runs\/[^/]+\/report$)/;

/** Tests if a request changes the workspace. A workspace that can only be looked at refuses such requests. */
export function changesWorkspace(method: string, path: string): boolean {
	return method !== 'GET' && method !== 'HEAD' && !ASKED_BY_POST.test(path);
}
