/** Error for a request of something that does not exist, or that the server did not list: 404. */
export class NotFoundError extends Error {
	override name = 'NotFoundError';
}

/** The server has too much to do at the moment: 503. */
export class BusyError extends Error {
	override name = 'BusyError';
}
