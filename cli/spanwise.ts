#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { endWithParent, runInChild, runsModel } from './supervise.ts';

process.setSourceMapsEnabled(true);

// The reader of a pipe had enough (`| head`): nothing is left to do, and nothing is wrong.
for (const output of [process.stdout, process.stderr]) {
	output.on('error', (error: NodeJS.ErrnoException) => {
		if (error.code === 'EPIPE') process.exit();
		throw error;
	});
}

const args = process.argv.slice(2);
if (runsModel(args)) {
	process.exitCode = await runInChild(fileURLToPath(import.meta.url), args, process);
} else {
	endWithParent();
	// Only here: the parent of a process that runs a model needs none of it.
	const { run } = await import('./program.ts');
	process.exitCode = await run(args, process);
}
