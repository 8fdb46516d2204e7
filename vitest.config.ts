import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vitest/config';

/** Unit tests work and do not wait: one file for each core. By itself vitest leaves a core free, of two cores half of the machine. */
const WORKERS = availableParallelism();
/** Report from which .ci/run reads the number of passed tests, after each run. */
const REPORT = 'test-results/report.json';
/** A real browser, and jobs that run models, on a machine that may be slow. */
const JOURNEY_TIMEOUT_MS = 120_000;
/** Longest wait for something to be seen on a page. */
const SEEN_TIMEOUT_MS = 30_000;
/** Some unit tests run the bundled models. */
const UNIT_TIMEOUT_MS = 60_000;

const END_TO_END = 'tests/e2e/*.test.ts';
/** Files that put something in place of a module, which others must not see. */
const MOCKING = '**/*.mocked.test.ts';
/** On a real model; `npm run test:real`, not part of `npm test`. */
const REAL = 'tests/real/*.test.ts';
/** A model of 135 million parameters runs some twenty times. */
const REAL_TIMEOUT_MS = 600_000;
/** An example measures damage and recall of every plan that it tries, on a machine that may be slow. */
const EXAMPLE_TIMEOUT_MS = 1_800_000;
/** The examples of README.md; `npm run test:readme`, not part of `npm test`, because they take some minutes. */
const README = 'tests/readme/*.test.ts';
/** A GPU in software; `npm run test:webgpu`, not part of `npm test`, because it is slow. */
const WEBGPU = 'tests/webgpu/*.test.ts';
/** Written models, run by other programs; `npm run test:runtimes`, not part of `npm test`, because it fetches them. */
const RUNTIMES = 'tests/runtimes/*.test.ts';
/** Changed files, thrown at every reader; `npm run test:fuzz`, not part of `npm test`, because it takes a minute of both cores. */
const FUZZ = 'tests/fuzz/*.test.ts';
/** The package as npm installs it; `npm run test:pack`, not part of `npm test`, because it takes half a minute. */
const PACKAGE = 'tests/pack/package.test.ts';
/** The PyTorch engine, with a Python that has what python/pyproject.toml names; `npm run test:python`, not part of `npm test`. */
const PYTHON = 'tests/python/*.test.ts';

/** Names of folders that the pages' code uses, for tests that SvelteKit does not build. */
const ALIASES = {
	$analysis: fileURLToPath(new URL('./analysis', import.meta.url)),
	$lib: fileURLToPath(new URL('./src/lib', import.meta.url))
};

export default defineConfig({
	test: {
		reporters: ['default', ['json', { outputFile: REPORT }]],
		projects: [
			{
				plugins: [sveltekit()],
				test: {
					name: 'unit',
					environment: 'node',
					include: ['{analysis,src,cli,bench,tests}/**/*.test.ts'],
					exclude: [
						...[END_TO_END, REAL, README, MOCKING],
						...[PYTHON, RUNTIMES, WEBGPU, FUZZ, PACKAGE]
					],
					setupFiles: ['tests/unit/oneThread.ts'],
					// What files import is loaded once a worker instead of once a file: half of the time of most.
					isolate: false,
					testTimeout: UNIT_TIMEOUT_MS,
					hookTimeout: UNIT_TIMEOUT_MS,
					maxWorkers: WORKERS,
					sequence: { groupOrder: 0 }
				}
			},
			{
				plugins: [sveltekit()],
				test: {
					name: 'mocked',
					environment: 'node',
					include: [MOCKING],
					exclude: ['node_modules/**'],
					testTimeout: UNIT_TIMEOUT_MS,
					hookTimeout: UNIT_TIMEOUT_MS,
					maxWorkers: WORKERS,
					sequence: { groupOrder: 0 }
				}
			},
			{
				resolve: { alias: ALIASES },
				test: {
					name: 'e2e',
					environment: 'node',
					include: [END_TO_END],
					globalSetup: 'tests/e2e/setup/globalSetup.ts',
					testTimeout: JOURNEY_TIMEOUT_MS,
					hookTimeout: JOURNEY_TIMEOUT_MS,
					expect: { poll: { timeout: SEEN_TIMEOUT_MS } },
					// As above: what journeys import is loaded once a worker.
					isolate: false,
					// Two at a time, for they wait more than they work, and only after the unit tests, which do not wait.
					maxWorkers: 2,
					sequence: { groupOrder: 1 }
				}
			},
			{
				test: {
					name: 'real',
					environment: 'node',
					include: [REAL],
					globalSetup: 'tests/real/setup.ts',
					testTimeout: REAL_TIMEOUT_MS,
					hookTimeout: REAL_TIMEOUT_MS,
					sequence: { groupOrder: 2 }
				}
			},
			{
				test: {
					name: 'python',
					environment: 'node',
					include: [PYTHON],
					testTimeout: REAL_TIMEOUT_MS,
					hookTimeout: REAL_TIMEOUT_MS,
					sequence: { groupOrder: 4 }
				}
			},
			{
				test: {
					name: 'webgpu',
					environment: 'node',
					include: [WEBGPU],
					globalSetup: 'tests/webgpu/setup.ts',
					testTimeout: REAL_TIMEOUT_MS,
					hookTimeout: REAL_TIMEOUT_MS,
					sequence: { groupOrder: 6 }
				}
			},
			{
				test: {
					name: 'runtimes',
					environment: 'node',
					include: [RUNTIMES],
					globalSetup: ['tests/real/setup.ts', 'tests/runtimes/setup.ts'],
					testTimeout: REAL_TIMEOUT_MS,
					hookTimeout: REAL_TIMEOUT_MS,
					sequence: { groupOrder: 5 }
				}
			},
			{
				resolve: { alias: ALIASES },
				test: {
					name: 'fuzz',
					environment: 'node',
					include: [FUZZ],
					sequence: { groupOrder: 7 }
				}
			},
			{
				test: {
					name: 'pack',
					environment: 'node',
					include: [PACKAGE],
					testTimeout: JOURNEY_TIMEOUT_MS,
					hookTimeout: JOURNEY_TIMEOUT_MS,
					sequence: { groupOrder: 8 }
				}
			},
			{
				test: {
					name: 'readme',
					environment: 'node',
					include: [README],
					testTimeout: EXAMPLE_TIMEOUT_MS,
					sequence: { groupOrder: 3 }
				}
			}
		]
	}
});
