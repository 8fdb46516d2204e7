import { withAllocator } from '../analysis/process/allocator.ts';

/** Environment without what this program sets for its own processes: that of whoever runs Python by itself. */
export function withoutAllocator(): Record<string, string | undefined> {
	const own = Object.keys(withAllocator({}));
	return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.includes(name)));
}
