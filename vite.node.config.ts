import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import project from './package.json' with { type: 'json' };

/** Builds the command and its workers, because Node 20 runs no TypeScript: cli/*.ts → command/*.js. */
export default defineConfig({
	publicDir: false,
	resolve: { alias: { $analysis: fileURLToPath(new URL('./analysis', import.meta.url)) } },
	// As for the pages: what a user installs is imported, what is installed here alone becomes part of the build.
	ssr: { noExternal: true, external: Object.keys(project.dependencies) },
	build: {
		ssr: true,
		// scripts/build.js says where; see scripts/builds.js.
		outDir: join(process.env.SPANWISE_BUILD ?? 'build', 'command'),
		sourcemap: true,
		target: 'node20',
		rolldownOptions: {
			input: {
				spanwise: 'cli/spanwise.ts',
				program: 'cli/program.ts',
				worker: 'cli/worker.ts',
				reader: 'cli/reader.ts',
				benchWorker: 'cli/benchWorker.ts',
				scoreWorker: 'cli/scoreWorker.ts',
				planThread: 'cli/planThread.ts'
			},
			external: [/^node:/],
			// Beside the entries, so that whoever asks for a worker finds it beside itself.
			output: { chunkFileNames: '[name]-[hash].js' }
		}
	}
});
