#!/usr/bin/env node
import { run } from './program.ts';

// The reader of a pipe had enough (`| head`): nothing is left to do, and nothing is wrong.
for (const output of [process.stdout, process.stderr]) {
	output.on('error', (error: NodeJS.ErrnoException) => {
		if (error.code === 'EPIPE') process.exit();
		throw error;
	});
}

process.exitCode = await run(process.argv.slice(2), process);
