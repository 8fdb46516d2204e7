import { resolve } from 'node:path';
import type { Command } from 'commander';
import { resultOf } from '../analysis/measure/results/result.ts';
import { pairTasks } from '../analysis/measure/tasks/pair.ts';
import { readRun } from '../analysis/measure/tasks/read.ts';
import type { Tasks } from '../analysis/measure/tasks/types.ts';
import {
	differenceWords,
	discordantWords,
	metricWords,
	taskValue
} from '../analysis/measure/tasks/words.ts';
import { withModel } from '../analysis/model/open.ts';
import { importBundleFile } from '../analysis/publish/bundle/file.ts';
import { TelemetryRecorder } from '../analysis/telemetry/recorder.ts';
import { shellLine } from '../analysis/text/shell.ts';
import { findModel, homeOf } from './found.ts';
import { print, printJson, say, type Io } from './io.ts';
import { withSharedOptions, type SharedOptions } from './options.ts';
import { storeResult } from './store.ts';
import { formatTable } from './table.ts';

const HELP = `
Pairs the questions of two runs of lm-evaluation-harness by the hashes of their documents, prompts and targets. SAMPLES_A
and SAMPLES_B are files that lm_eval --log_samples wrote, or the folders they lie in, of which the newest of each task are
read. Every metric that is a number gets the paired difference B − A with its 95% interval, over blocks of questions;
metrics of right and wrong get McNemar's exact test too. The comparison is kept in the workspace; with --model it is
listed beside what was measured of that model (spanwise results).

Example:
  spanwise import lm-eval results/baseline results/planned --model my-model`;

interface ImportFlags extends SharedOptions {
	model?: string;
}

/** Adds the subcommands that import a run, or what other programs measured. */
export function registerImport(program: Command, io: Io): void {
	const command = program
		.command('import')
		.description('import a run bundle, or what other programs measured');
	registerBundleImport(command, io);
	withSharedOptions(
		command
			.command('lm-eval')
			.description('compare two runs of lm-evaluation-harness, question by question')
			.argument('<samples-a>', 'samples of the first run: a file or a folder')
			.argument('<samples-b>', 'samples of the second run')
			.option('--model <model>', 'the model that the runs are of, by folder or name'),
		'print the comparison as JSON'
	)
		.addHelpText('after', HELP)
		.action(async (a: string, b: string, flags: ImportFlags) => {
			const [first, second] = [await readRun(a), await readRun(b)];
			const paired = pairTasks(first.tasks, second.tasks);
			const home = homeOf(flags, io);
			const model = await modelOf(flags, io, first.name);
			const figures: Tasks = { a: first.name, b: second.name, ...paired, model };
			for (const note of figures.notes) say(io, `note: ${note}`);
			if (flags.json) printJson(io, figures);
			else print(io, tasksText(figures));
			const words = ['spanwise', 'import', 'lm-eval', resolve(a), resolve(b)];
			const named = flags.model === undefined ? [] : ['--model', flags.model];
			const origin = { home, command: shellLine([...words, ...named]) };
			const recorder = new TelemetryRecorder();
			await storeResult(resultOf('tasks', figures, null), { ...origin, recorder }, io);
		});
}

const BUNDLE_HELP = `
Opens a file that spanwise bundle wrote: the run, its measurements, their names and notes go into the workspace, all of
them or none. Everything is checked against the hashes in the file. What is there already stays; another run of the same id
is refused. Measuring more takes the model, which a bundle does not hold.

Example:
  spanwise import bundle llama2.zip`;

/** Adds the subcommand that opens a run from another machine. */
function registerBundleImport(command: Command, io: Io): void {
	withSharedOptions(
		command
			.command('bundle')
			.description('open a run from another machine')
			.argument('<file>', 'a .zip file that spanwise bundle wrote'),
		'print what became of it as JSON'
	)
		.addHelpText('after', BUNDLE_HELP)
		.action(async (file: string, flags: SharedOptions) => {
			const { words, ...imported } = await importBundleFile(homeOf(flags, io), file);
			if (flags.json) printJson(io, imported);
			else say(io, words);
		});
}

/** Name and hash of the model that was named; else of run A, of whose weights nothing is known. */
async function modelOf(flags: ImportFlags, io: Io, run: string): Promise<Tasks['model']> {
	if (flags.model === undefined) return { name: run, hash: 'unknown' };
	const path = await findModel(flags.model, flags, io);
	return withModel(path, async (model) => ({
		name: model.name,
		hash: await model.hash(homeOf(flags, io))
	}));
}

/** One line per task and metric. */
function tasksText({ a, b, rows, unpaired }: Tasks): string {
	const table = formatTable(rows, [
		{ title: 'task', value: ({ task }) => task },
		{ title: 'metric', value: metricWords },
		{ title: 'questions', value: ({ questions }) => String(questions), align: 'right' },
		{ title: `A: ${a}`, value: (row) => taskValue(row, row.a), align: 'right' },
		{ title: `B: ${b}`, value: (row) => taskValue(row, row.b), align: 'right' },
		{ title: 'B − A [95% CI over blocks of questions]', value: differenceWords },
		{ title: 'discordant pairs (A : B), McNemar p', value: discordantWords }
	]);
	const { a: ofA, b: ofB } = unpaired;
	const left = ofA + ofB === 0 ? '' : `not paired: ${ofA} questions of A, ${ofB} of B\n`;
	return table + left;
}
