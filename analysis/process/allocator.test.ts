import { expect, it } from 'vitest';
import { withAllocator } from './allocator.ts';

it('has glibc keep what was freed, unless the user says what it keeps', () => {
	const kept = { MALLOC_MMAP_THRESHOLD_: '33554432', MALLOC_TRIM_THRESHOLD_: '268435456' };
	expect(withAllocator({ HOME: '/home/a' })).toEqual({ ...kept, HOME: '/home/a' });
	const own = { MALLOC_TRIM_THRESHOLD_: '0' };
	expect(withAllocator(own)).toEqual({ ...kept, ...own });
});
