import { Command, CommanderError } from 'commander';
import { printable } from '../analysis/edge/quote.ts';
import { isInputError, messageOf } from '../analysis/errors.ts';
import { measurements } from '../analysis/measure/lookup.ts';
import { VERSION } from '../analysis/version.ts';
import { registerAnalyze } from './analyze.ts';
import { registerArrayJobs } from './arrayJob.ts';
import { registerApply } from './apply.ts';
import { registerBundle } from './bundle.ts';
import { registerCompare } from './compare.ts';
import { registerDevices } from './devices.ts';
import { registerDynamics } from './dynamics.ts';
import { registerExport } from './export.ts';
import { registerFigure } from './figure.ts';
import { GatesNotPassed } from './gates.ts';
import { registerImport } from './import.ts';
import { registerInspect } from './inspect.ts';
import { print, sayError, sayLines, type Io } from './io.ts';
import { registerLabel } from './label.ts';
import { registerMeasurement } from './measurement.ts';
import { registerModels } from './models.ts';
import { inheritShared, withSharedOptions } from './options.ts';
import { OWN } from './own.ts';
import { registerPlan } from './plan.ts';
import { registerReport } from './report.ts';
import { registerResults } from './results.ts';
import { registerSavings } from './savings.ts';
import { registerServe } from './serve.ts';
import { registerSimilarity } from './similarity.ts';

const OK = 0;
const OWN_FAULT = 1;
/** Bad usage, bad input, too little memory, a taken port. */
const USER_FAULT = 2;

const HELP = `
Results go to stdout; messages and progress go to stderr. Exit codes: 0; 2 for bad usage or input; 1 for an internal
error; 3 for a gate that failed, 4 for one that is inconclusive. Layers and heads count from 0.

Example:
  spanwise analyze mini-llama2 --text static/samples/walden.txt --out llama2-run
  spanwise plan llama2-run --followers 4 --out plan.json
  spanwise evaluate mini-llama2 --plan plan.json --text static/samples/time-machine.txt`;

/** Runs one command line, without program name; the exit code. Nothing is thrown. */
export async function run(args: readonly string[], io: Io): Promise<number> {
	try {
		await programFor(io).parseAsync(args, { from: 'user' });
		return OK;
	} catch (error) {
		return exitCodeOf(error, io);
	}
}

/** Builds the command with all subcommands; what it prints goes to `io`. */
export function programFor(io: Io): Command {
	const program = new Command('spanwise')
		.description('Find the layer spans of a language model that can share attention weights.')
		.version(VERSION)
		.exitOverride()
		.enablePositionalOptions()
		.configureOutput({
			writeOut: (text) => print(io, text),
			writeErr: (text) => io.stderr.write(printable(text)),
			getOutHasColors: () => false,
			getErrHasColors: () => false,
			outputError: (text) => sayError(io, `${text.replace(/^error: /, '').trimEnd()}; see --help`)
		})
		.addHelpText('after', HELP)
		.hook('preAction', inheritShared);
	withSharedOptions(program);
	registerModels(program, io);
	registerDevices(program, io);
	registerInspect(program, io);
	registerAnalyze(program, io);
	registerSimilarity(program, io);
	registerPlan(program, io);
	for (const kind of measurements()) registerMeasurement(program, kind, io, OWN[kind.kind]);
	registerResults(program, io);
	registerLabel(program, io);
	registerCompare(program, io);
	registerDynamics(program, io);
	registerExport(program, io);
	registerImport(program, io);
	registerFigure(program, io);
	registerReport(program, io);
	registerBundle(program, io);
	registerApply(program, io);
	registerSavings(program, io);
	registerArrayJobs(program, io);
	registerServe(program, io);
	return program;
}

function exitCodeOf(error: unknown, io: Io): number {
	// Commander has already said what is wrong, or printed the help or the version it was asked for.
	if (error instanceof CommanderError) return error.exitCode === 0 ? OK : USER_FAULT;
	// What was asked for is on stdout, and why a gate was not passed on stderr.
	if (error instanceof GatesNotPassed) return error.exitCode;
	if (isInputError(error) || isRefusal(error)) {
		sayError(io, messageOf(error));
		return USER_FAULT;
	}
	sayError(io, `internal error: ${messageOf(error)}`);
	sayLines(io, error instanceof Error ? (error.stack ?? '') : '');
	return OWN_FAULT;
}

/** A full disk, a folder that may not be written, a workspace that is a file: the user can mend it. */
const REFUSALS = ['ENOSPC', 'EDQUOT', 'EFBIG', 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR'];

function isRefusal(error: unknown): boolean {
	return error instanceof Error && 'code' in error && REFUSALS.some((code) => code === error.code);
}
