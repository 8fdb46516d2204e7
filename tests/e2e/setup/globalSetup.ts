import { existsSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import type { Browser } from '../../browser/acquire.ts';
import { browserOfThisMachine } from '../../browser/machine.ts';

declare module 'vitest' {
	interface ProvidedContext {
		browser: Browser;
	}
}

/** Before the first journey: the production build must be there, and a browser that starts. */
export default async function setup(project: TestProject): Promise<void> {
	for (const file of ['dist/spanwise.js', 'dist/worker.js', 'dist/reader.js']) {
		if (!existsSync(file)) throw new Error(`${file} is missing; build it: npm run build`);
	}
	project.provide('browser', await browserOfThisMachine());
}
