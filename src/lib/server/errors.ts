/** What was asked for does not exist, or is none of what the server listed: 404. */
export class NotFoundError extends Error {
	override name = 'NotFoundError';
}
