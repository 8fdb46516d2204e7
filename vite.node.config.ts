import { defineConfig } from 'vite';

/** Builds the command and its workers, because Node 20 runs no TypeScript: cli/*.ts → dist/*.js. */
export default defineConfig({
	publicDir: false,
	resolve: { alias: { $analysis: new URL('./analysis', import.meta.url).pathname } },
	build: {
		ssr: true,
		outDir: 'dist',
		target: 'node20',
		rolldownOptions: {
			input: {
				spanwise: 'cli/spanwise.ts',
				program: 'cli/program.ts',
				worker: 'cli/worker.ts',
				reader: 'cli/reader.ts',
				benchWorker: 'cli/benchWorker.ts'
			},
			external: [/^node:/, /\/build\/handler\.js$/]
		}
	}
});
