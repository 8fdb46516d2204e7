import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';
import adapter from './adapter.js';

/** @type {import('@sveltejs/kit').Config} */
export default {
	preprocess: vitePreprocess(),
	compilerOptions: { runes: true },
	kit: {
		adapter: adapter(),
		alias: { $analysis: 'analysis' },
		csp: {
			directives: {
				'default-src': ['self'],
				'script-src': ['self'],
				'style-src': ['self'],
				// Svelte renders style:… as attributes on the server; they run nothing.
				'style-src-attr': ['unsafe-inline'],
				// Panels are saved as pictures by way of blob: addresses.
				'img-src': ['self', 'data:', 'blob:'],
				'connect-src': ['self'],
				'object-src': ['none'],
				'base-uri': ['self'],
				'form-action': ['self'],
				'frame-ancestors': ['none']
			}
		}
	}
};
