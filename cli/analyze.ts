import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { AnalyzeOptions } from '../analysis/measure/analyze/analyze.ts';
import { analyzeCommand } from '../analysis/measure/analyze/command.ts';
import {
	DEFAULT_CONTEXT,
	DEFAULT_JS_ROWS,
	DEFAULT_WINDOWS
} from '../analysis/measure/analyze/defaults.ts';
import type { AnalyzeRequest, AnalyzeResult } from '../analysis/measure/analyze/types.ts';
import { withModel, type Model } from '../analysis/model/open.ts';
import { runFolder } from '../analysis/workspace/run/list.ts';
import type { RunRecord } from '../analysis/workspace/run/types.ts';
import { newRunId } from '../analysis/workspace/workspace.ts';
import { checkTarget } from '../analysis/workspace/wholeFolder.ts';
import { METRICS, VIEWS, type Metric, type View } from '../analysis/similarity/types.ts';
import { formatBytes, formatDuration } from '../analysis/text/number.ts';
import { sayEstimate } from './estimateText.ts';
import { findModel, homeOf } from './found.ts';
import { removeOnInterrupt } from './interrupt.ts';
import { print, printJson, say, type Io } from './io.ts';
import {
	listOf,
	recallOption,
	wholeNumber,
	withSharedOptions,
	type SharedOptions
} from './options.ts';
import { progressDisplay } from './progress.ts';
import { readTexts } from './texts.ts';

const HELP = `
MODEL is a folder, a name that spanwise models lists, org/name from the Hugging Face cache, or an .onnx file with
tokenizer.json and config.json beside it or one folder up. The run's id is printed, or the folder given with --out; progress goes to stderr. JSON: {run, model, tokens, windows, seconds,
peakRssBytes}.

Examples:
  spanwise analyze mini-llama2 --text static/samples/walden.txt --out llama2-run
  cat static/samples/*.txt | spanwise analyze models/mini-llama3 --text - --context 256 --json
  spanwise analyze gpt2/onnx/model.onnx --text static/samples/walden.txt`;

interface AnalyzeFlags extends SharedOptions {
	text: string[];
	context: number;
	windows: number;
	metrics: Metric[];
	views: View[];
	jsRows: number | 'all';
	out?: string;
	recall: 'on' | 'off';
	tokenizer?: string;
}

export function registerAnalyze(program: Command, io: Io): void {
	withSharedOptions(
		program
			.command('analyze')
			.description('run a model on texts and keep how alike its layers attend')
			.argument('<model>', 'folder or name of a model')
			.requiredOption('--text <file...>', 'texts to read, UTF-8; - is stdin')
			.option('--context <tokens>', 'tokens in a window', wholeNumber(1), DEFAULT_CONTEXT)
			.option('--windows <count>', 'windows of text', wholeNumber(1), DEFAULT_WINDOWS)
			.addOption(someOf('--metrics <list>', METRICS))
			.addOption(someOf('--views <list>', VIEWS))
			.option(
				'--js-rows <count>',
				'queries a window that js looks at, or all',
				jsRows,
				DEFAULT_JS_ROWS
			)
			.addOption(recallOption())
			.option(
				'--out <folder>',
				'folder of the run, which must not exist (default: in the workspace)'
			),
		'print the result as JSON'
	)
		.option(
			'--tokenizer <path>',
			"tokenizer.json or its folder (default: the model's, beside it or one folder up)"
		)
		.addHelpText('after', HELP)
		.action(async (model: string, flags: AnalyzeFlags) => {
			const { out } = flags;
			if (out !== undefined) await checkTarget(resolve(out));
			const { record, run } = await withModel(await findModel(model, flags, io), (opened) =>
				analyzeModel(opened, model, flags, io)
			);
			const { seconds, peakRssBytes, tokens, windows } = record;
			say(
				io,
				`done in ${formatDuration(seconds)}, ${formatBytes(peakRssBytes)} of memory (measured)`
			);
			const result: AnalyzeResult = {
				run,
				model: record.model.name,
				tokens,
				windows: windows.length,
				seconds,
				peakRssBytes
			};
			if (flags.json) printJson(io, result);
			else print(io, `${run}\n`);
		});
}

async function analyzeModel(
	model: Model,
	named: string,
	flags: AnalyzeFlags,
	io: Io
): Promise<{ record: RunRecord; run: string }> {
	const home = homeOf(flags, io);
	const { out, context, windows, metrics, views } = flags;
	const id = newRunId(model.name, new Date());
	const target = out === undefined ? runFolder(home, id) : resolve(out);
	const request: AnalyzeRequest = {
		modelFolder: model.path,
		...(flags.tokenizer !== undefined && { tokenizer: flags.tokenizer }),
		documents: await readTexts(flags.text, io),
		context,
		windows,
		metrics,
		views,
		jsRows: flags.jsRows,
		recall: flags.recall === 'on',
		memoryLimitBytes: flags.memory ?? null,
		home
	};
	const command = analyzeCommand(named, flags.text, request, flags.models);
	const record = await withProgress(model, request, { runFolder: target, id, command }, io);
	return { record, run: out ?? id };
}

async function withProgress(
	model: Model,
	request: AnalyzeRequest,
	options: Pick<AnalyzeOptions, 'runFolder' | 'id' | 'command'>,
	io: Io
): Promise<RunRecord> {
	// Only here: onnxruntime takes longer to load than the other subcommands take to run.
	const { analyze } = await import('../analysis/measure/analyze/analyze.ts');
	const { estimateOfAnalysis } = await import('../analysis/measure/analyze/estimate.ts');
	const display = progressDisplay(io.stderr);
	const stopWatching = removeOnInterrupt(options.runFolder, display.end);
	try {
		return await analyze(model, request, {
			...options,
			onPrepared: async (prepared) => {
				const estimate = await estimateOfAnalysis(prepared, request.home);
				sayEstimate(model.name, estimate, io);
			},
			onProgress: display.update
		});
	} finally {
		stopWatching();
		display.end();
	}
}

function jsRows(text: string): number | 'all' {
	return text === 'all' ? 'all' : wholeNumber(1)(text);
}

/** A list of names, all of them unless told otherwise. */
function someOf(flags: string, names: readonly string[]): Option {
	return new Option(flags, `some of ${names.join(',')}`)
		.argParser(listOf(names))
		.default([...names], 'all');
}
