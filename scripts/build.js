/**
 * Builds the pages and the command (`npm run build`), unless what is there was built from the same sources. See
 * builds.js for where a build goes.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildId, currentBuild, publish, unfinishedFolder } from './builds.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const id = buildId(root);
// The types of the routes lie outside of the build; a build makes them too.
const hasTypes = existsSync(join(root, '.svelte-kit', 'tsconfig.json'));
if (currentBuild(root) !== id || !hasTypes) {
	const folder = unfinishedFolder(root);
	for (const config of ['vite.config.ts', 'vite.node.config.ts']) {
		const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
		const { status } = spawnSync(process.execPath, [vite, 'build', '-c', config], {
			cwd: root,
			env: { ...process.env, SPANWISE_BUILD: folder },
			stdio: ['ignore', 'inherit', 'inherit']
		});
		if (status !== 0) {
			rmSync(folder, { recursive: true });
			process.exit(status ?? 1);
		}
	}
	publish(root, folder, id);
}
