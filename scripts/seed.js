/**
 * Fills a workspace with made-up results of every kind (`npm run seed`), to work on the pages without running a model.
 * Option: --home, by default .spanwise-seeded.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runnerImport } from 'vite';

const { values } = parseArgs({
	options: { home: { type: 'string', default: '.spanwise-seeded' } }
});
const home = resolve(values.home);
/** @type {{ module: typeof import('../tests/builders/seed.ts') }} */
const { module } = await runnerImport('./tests/builders/seed.ts', { logLevel: 'warn' });
await module.seedLabels(home, await module.seedWorkspace(home));
console.log(`seeded ${home}; look at it: npm run dev -- --home ${values.home}`);
