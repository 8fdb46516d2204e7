/** Returns the next element of a list, the first after the last; for keys that step through choices. */
export function following<T>(list: readonly T[], current: T): T {
	return list[(list.indexOf(current) + 1) % list.length];
}
