import { Option, type Command } from 'commander';
import { analyze } from '../analysis/measure/analyze/index.ts';
import type { AnalyzeResult } from '../analysis/measure/analyze/types.ts';
import type { Analysis } from '../analysis/measure/kind.ts';
import { formatBytes, formatDuration } from '../analysis/text/number.ts';
import { runFolder, runShelf } from '../analysis/workspace/run/list.ts';
import { readRun } from '../analysis/workspace/run/read.ts';
import type { RunRecord } from '../analysis/workspace/run/types.ts';
import { checkTarget } from '../analysis/workspace/wholeFolder.ts';
import { print, printJson, say, type Io } from './io.ts';
import { asked, kindCommand, pathOf, type KindOptions, type Own } from './measurement.ts';
import { pythonOption, usePython } from './python.ts';
import { shardStep } from './shards.ts';
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

/** The run of all shards, where another shard put it together; null: it is not there. */
async function madeBefore(home: string, id: string): Promise<RunRecord | null> {
	const there = (await runShelf(home).ids()).includes(id);
	return there ? readRun(runFolder(home, id)) : null;
}

/** Adds the subcommand that makes a run. */
export function registerAnalyze(program: Command, io: Io): void {
	const kind: Analysis = analyze;
	kindCommand(program, kind, own).action(async (model: string, options: KindOptions) => {
		const { request: whole, command } = await asked(kind, model, options, io, own);
		const out = pathOf(options.out);
		const ready = await shardStep(
			kind,
			whole,
			{ id: null, command, out, workers: WORKERS },
			options,
			io
		);
		if (ready === null) return;
		const { request, id: ofShards } = ready;
		const running = { id: ofShards, command, out, workers: WORKERS };
		const made = out === null && ofShards !== null && (await madeBefore(request.home, ofShards));
		const said = new Set<string>();
		const record =
			made ||
			(await withProgress(io, {}, (watch) =>
				kind.run(request, {
					...{ ...running, ...watch },
					onPrepared(forecast) {
						for (const note of forecast.estimate.notes) said.add(note);
						return watch.onPrepared(forecast);
					}
				})
			));
		const { id, seconds, peakRssBytes, tokens, windows } = record;
		// Those that only the run could tell.
		for (const note of record.notes) if (!said.has(note)) say(io, `note: ${note}`);
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
