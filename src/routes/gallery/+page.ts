import { browser, dev } from '$app/environment';
import { error } from '@sveltejs/kit';
import type { Component } from 'svelte';
import type { PageLoad } from './$types';

/** Known to the development server alone: a build does not look for it. */
const GALLERY = '/tests/gallery/Gallery.svelte';

/** In development only: every panel in every state, drawn by the browser. */
export const load: PageLoad = async () => {
	if (!dev) error(404);
	if (!browser) return { Gallery: null };
	const { default: Gallery } = (await import(/* @vite-ignore */ GALLERY)) as { default: Component };
	return { Gallery };
};
