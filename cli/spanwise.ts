#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { InputError } from '../analysis/errors.ts';
import { VERSION } from '../analysis/version.ts';
import { registerServe } from './serve.ts';

const program = new Command('spanwise')
	.description('Find the layer spans of a language model that can share attention weights.')
	.version(VERSION)
	.exitOverride();

registerServe(program);

try {
	await program.parseAsync();
} catch (error) {
	process.exitCode = exitCodeOf(error);
}

/** 2: the user's input or usage, said in one line; 1: our own fault. */
function exitCodeOf(error: unknown): number {
	if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
	if (error instanceof InputError) {
		console.error(error.message);
		return 2;
	}
	console.error(error);
	return 1;
}
