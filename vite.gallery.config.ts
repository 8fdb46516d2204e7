import { fileURLToPath } from 'node:url';
import { svelte, vitePreprocess } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

/** Builds the gallery of panels as a page by itself, for the tests that look at it: tests/gallery/ → test-results/gallery/. */
export default defineConfig({
	root: 'tests/gallery',
	base: './',
	publicDir: false,
	plugins: [
		svelte({ configFile: false, preprocess: vitePreprocess(), compilerOptions: { runes: true } })
	],
	resolve: {
		alias: {
			$analysis: fileURLToPath(new URL('./analysis', import.meta.url)),
			$lib: fileURLToPath(new URL('./src/lib', import.meta.url))
		}
	},
	build: { outDir: '../../test-results/gallery', emptyOutDir: true, minify: false }
});
