/** Enough of a hash to tell models apart in a caption. */
export function shortHash(hash: string): string {
	return hash.slice(0, 12);
}
