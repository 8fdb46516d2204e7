import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** Builds the benchmarks, because Node 20 runs no TypeScript: bench/bench.ts → bench/build/bench.js. */
export default defineConfig({
	publicDir: false,
	resolve: { alias: { $analysis: fileURLToPath(new URL('./analysis', import.meta.url)) } },
	build: {
		ssr: 'bench/bench.ts',
		outDir: 'bench/build',
		target: 'node20'
	}
});
