/** The part that is used of a package that brings no types. */
declare module 'fs-native-extensions' {
	/** Locks bytes of an open file against other processes; false where another holds them. Throws where it cannot. */
	export function tryLock(fd: number, offset: number, length: number): boolean;
}
