import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

export default defineConfig({
	plugins: [sveltekit()],
	build: { sourcemap: true },
	// The gallery of panels; see src/routes/gallery.
	server: { fs: { allow: ['tests'] } }
});
