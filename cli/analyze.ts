import { Option, type Command } from 'commander';
import { analyze } from '../analysis/measure/analyze/index.ts';
import type { AnalyzeResult } from '../analysis/measure/analyze/types.ts';
import type { Analysis } from '../analysis/measure/kind.ts';
import { formatBytes, formatDuration } from '../analysis/text/number.ts';
import { checkTarget } from '../analysis/workspace/wholeFolder.ts';
import { print, printJson, say, type Io } from './io.ts';
import { asked, kindCommand, pathOf, type KindOptions, type Own } from './measurement.ts';
import { pythonOption, usePython } from './python.ts';
import { withProgress } from './withProgress.ts';
import { WORKERS } from './workers.ts';

const own: Own = {
	options: [
		pythonOption('of the torch engine'),
		new Option(
			'--out <folder>',
			'folder of the run, which must not exist (default: in the workspace)'
		)
	],
	async prepare({ out, python }) {
		usePython(python);
		const folder = pathOf(out);
		if (folder !== null) await checkTarget(folder);
		return {};
	}
};

/** Adds the subcommand that makes a run. */
export function registerAnalyze(program: Command, io: Io): void {
	const kind: Analysis = analyze;
	kindCommand(program, kind, own).action(async (model: string, options: KindOptions) => {
		const { request, command } = await asked(kind, model, options, io, own);
		const running = { id: null, command, out: pathOf(options.out), workers: WORKERS };
		const record = await withProgress(io, {}, (watch) =>
			kind.run(request, { ...running, ...watch })
		);
		const { id, seconds, peakRssBytes, tokens, windows } = record;
		say(
			io,
			`done in ${formatDuration(seconds)}, ${formatBytes(peakRssBytes)} of memory (measured)`
		);
		const run = options.out ?? id;
		const result: AnalyzeResult = {
			run,
			model: record.model.name,
			tokens,
			windows: windows.length,
			seconds,
			peakRssBytes
		};
		if (options.json) printJson(io, result);
		else print(io, `${run}\n`);
	});
}
