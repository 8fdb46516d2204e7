import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** Builds the fuzzer, because Node 20 runs no TypeScript: tests/fuzz/*.ts → tests/fuzz/build/*.js. */
export default defineConfig({
	publicDir: false,
	resolve: {
		alias: {
			$analysis: fileURLToPath(new URL('./analysis', import.meta.url)),
			$lib: fileURLToPath(new URL('./src/lib', import.meta.url))
		}
	},
	build: {
		ssr: true,
		outDir: 'tests/fuzz/build',
		target: 'node20',
		rolldownOptions: {
			input: {
				fuzz: 'tests/fuzz/fuzz.ts',
				child: 'tests/fuzz/child.ts',
				seedConfigs: 'tests/fuzz/seedConfigs.ts'
			}
		}
	}
});
