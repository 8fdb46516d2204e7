import type { Command } from 'commander';
import { compareRuns } from '../analysis/compare/compareRuns.ts';
import { readSums } from '../analysis/workspace/run/read.ts';
import type { Metric, View } from '../analysis/similarity/types.ts';
import { comparisonText } from './compareText.ts';
import { findRun } from './found.ts';
import { print, printJson, type Io } from './io.ts';
import { checkMeasured } from './measured.ts';
import { metricOption, viewOption, withSharedOptions, type SharedOptions } from './options.ts';

const HELP = `
Runs of different models on the same windows of text (the same files, --context and --windows) get paired
differences with 95% intervals. Models of different depth are compared at relative depth, 0 the first layer
and 1 the last. What is said holds for these checkpoints, not for their families.

Example (both made as in the example of spanwise analyze):
  spanwise compare llama2-run llama3-run --metric cosine --view no-sink`;

interface CompareOptions extends SharedOptions {
	metric: Metric;
	view: View;
}

export function registerCompare(program: Command, io: Io): void {
	withSharedOptions(
		program
			.command('compare')
			.description('compare two or more runs')
			.argument('<run...>', "runs' folders or ids, two or more")
			.addOption(metricOption())
			.addOption(viewOption())
	)
		.addHelpText('after', HELP)
		.action(async (runs: string[], options: CompareOptions) => {
			const { metric, view } = options;
			const inputs = [];
			for (const run of runs) {
				const { folder, record } = await findRun(run, options, io);
				checkMeasured(record, metric, view);
				inputs.push({ record, sums: await readSums(folder, record, view) });
			}
			const comparison = compareRuns(inputs, { metric, view });
			if (options.json) printJson(io, comparison);
			else print(io, comparisonText(comparison));
		});
}
