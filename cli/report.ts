import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { quoted } from '../analysis/edge/quote.ts';
import { InputError } from '../analysis/errors.ts';
import { reportOf } from '../analysis/publish/report/reportOf.ts';
import { formatBytes } from '../analysis/text/number.ts';
import { findRun, homeOf } from './found.ts';
import { printJson, say, type Io } from './io.ts';
import { withSharedOptions, type SharedOptions } from './options.ts';
import { readPlan } from './planFile.ts';

const HELP = `
One HTML file that opens from disk and needs no network: the maps of every metric and view under the pointer, measured
damage and recall, the layer profile, four questions with their answers, plans with what they save, what was measured
of them, methods with citations, definitions, and the commands that make it again. It holds what the workspace has
measured of the same weights. 126 layers with five metrics and two views take 3 MB.

Example (llama2-run: made by the example of spanwise analyze):
  spanwise report llama2-run --out llama2.html`;

interface ReportOptions extends SharedOptions {
	out?: string;
	plan?: string;
}

export function registerReport(program: Command, io: Io): void {
	withSharedOptions(
		program
			.command('report')
			.description('write a run as one HTML file to hand over: maps, plans, answers, methods')
			.argument('<run>', "a run's folder or id")
			.option('--out <file>', 'the file, written over (default: the run’s id, .html)')
			.option('--plan <file>', 'the plan that it is about first (default: as measured)'),
		'print the name of the file as JSON'
	)
		.addHelpText('after', HELP)
		.action(async (run: string, options: ReportOptions) => {
			const source = { ...(await findRun(run, options, io)), home: homeOf(options, io) };
			const file = options.out ?? `${source.record.id}.html`;
			if (!/\.html?$/i.test(file))
				throw new InputError(`--out ${quoted(file)}: expected a name that ends in .html`);
			const plan = options.plan === undefined ? null : await readPlan(options.plan);
			const page = await reportOf(source, plan);
			await writeFile(file, page);
			if (options.json) printJson(io, { file });
			else say(io, `wrote ${quoted(file)}, ${formatBytes(Buffer.byteLength(page))}`);
		});
}
