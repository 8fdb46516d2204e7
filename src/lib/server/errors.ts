/** What was asked for does not exist, or is none of what the server listed: 404. */
export class NotFoundError extends Error {
	override name = 'NotFoundError';
}

/** The server has too much to do at the moment: 503. */
export class BusyError extends Error {
	override name = 'BusyError';
}
