import { dev } from '$app/environment';
import { error } from '@sveltejs/kit';
import type { PageLoad } from './$types';

export const ssr = false;

/** In development only: every panel in every state. A build leaves the import out, because `dev` is false there. */
export const load: PageLoad = async () => {
	if (dev) return { Gallery: (await import('../../../tests/gallery/Gallery.svelte')).default };
	error(404);
};
