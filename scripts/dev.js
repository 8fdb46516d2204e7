/**
 * Serves the pages from the sources (`npm run dev`): what is changed is seen at once. The workers are built anew after
 * every change of theirs, and the next job or question runs the new ones. Options: --port, --home, --models.
 */
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build, createServer } from 'vite';
import { unfinishedFolder } from './builds.js';

const DEFAULT_PORT = 5179; // beside `npm start` on 5178
const HOST = '127.0.0.1';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
	options: {
		port: { type: 'string', default: `${DEFAULT_PORT}` },
		home: { type: 'string' },
		models: { type: 'string' }
	}
});

const folder = unfinishedFolder(root);
process.env.SPANWISE_BUILD = folder;
if (values.home !== undefined) process.env.SPANWISE_HOME = resolve(values.home);
if (values.models !== undefined) process.env.SPANWISE_MODELS = values.models;

const workers = await watchWorkers();
const pages = await createServer({
	configFile: 'vite.config.ts',
	server: { host: HOST, port: Number(values.port), strictPort: true }
});
await pages.listen();
console.log(`serving http://${HOST}:${pages.config.server.port}/ from the sources`);

for (const signal of ['SIGINT', 'SIGTERM']) {
	process.once(signal, () => {
		// The server's own listeners end the jobs when the process exits.
		void Promise.allSettled([workers.close(), pages.close()]).then(() => process.exit());
	});
}
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Resolves once the workers were built for the first time. */
async function watchWorkers() {
	const watcher = await build({
		configFile: 'vite.node.config.ts',
		logLevel: 'warn',
		// A job that runs may still load chunks of the build before.
		build: { watch: {}, emptyOutDir: false }
	});
	if (!('on' in watcher)) throw new Error('vite did not watch the workers');
	await new Promise((done) => {
		watcher.on('event', (event) => {
			if (event.code === 'ERROR') console.error(event.error);
			if (event.code === 'END') {
				console.log('the workers are built');
				done(undefined);
			}
		});
	});
	return watcher;
}
