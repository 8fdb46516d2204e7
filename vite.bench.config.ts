import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** Builds the benchmarks, because Node 20 runs no TypeScript: bench/*.ts → bench/build/*.js. */
export default defineConfig({
	publicDir: false,
	resolve: { alias: { $analysis: fileURLToPath(new URL('./analysis', import.meta.url)) } },
	build: {
		ssr: true,
		outDir: 'bench/build',
		target: 'node20',
		rolldownOptions: {
			input: {
				bench: 'bench/bench.ts',
				results: 'bench/results.ts',
				planThread: 'cli/planThread.ts'
			},
			// Beside the entries, so that threads find their program beside themselves.
			output: { chunkFileNames: '[name]-[hash].js' }
		}
	}
});
