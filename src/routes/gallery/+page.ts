import { dev } from '$app/environment';
import { error } from '@sveltejs/kit';
import type { Component } from 'svelte';
import type { PageLoad } from './$types';

export const ssr = false;
/** Known to the development server alone: a build does not look for it. */
const GALLERY = '/tests/gallery/Gallery.svelte';

/** In development only: every panel in every state. */
export const load: PageLoad = async () => {
	if (!dev) error(404);
	const { default: Gallery } = (await import(/* @vite-ignore */ GALLERY)) as { default: Component };
	return { Gallery };
};
