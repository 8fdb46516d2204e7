import { invalidate } from '$app/navigation';
import { navigating } from '$app/state';

/** Loads what depends on `key` anew; not while another page is on its way, which would never arrive. */
export async function refresh(key: `spanwise:${string}`): Promise<void> {
	if (navigating.to === null) await invalidate(key);
}
