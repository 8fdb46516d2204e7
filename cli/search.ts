import { resolve } from 'node:path';
import type { Command } from 'commander';
import { searchCommand } from '../analysis/measure/results/command.ts';
import { checkTarget, readyTarget } from '../analysis/workspace/wholeFolder.ts';
import type { Refit } from '../analysis/measure/search/repaired.ts';
import { SEARCH_DEFAULTS } from '../analysis/measure/search/defaults.ts';
import type { Search, SearchRequest } from '../analysis/measure/search/types.ts';
import { TelemetryRecorder } from '../analysis/telemetry/recorder.ts';
import { sayEstimate } from './estimateText.ts';
import { withModel, type Model } from '../analysis/model/open.ts';
import { findModel, homeOf } from './found.ts';
import { lossIncrease } from './gates.ts';
import { watchInterrupts } from './interrupt.ts';
import { print, printJson, say, type Io } from './io.ts';
import {
	layerList,
	recallOption,
	wholeNumber,
	withSharedOptions,
	type SharedOptions
} from './options.ts';
import { progressDisplay } from './progress.ts';
import { sampleFiles, samplesHelp } from './samples.ts';
import { goalOf, saving, type GoalFlags } from './searchGoal.ts';
import { writeSearch } from './searchFolder.ts';
import { searchText } from './searchText.ts';
import { storeResult } from './store.ts';
import { readTexts } from './texts.ts';

/** A source and a follower. */
const LEAST_SPAN = 2;

const HELP = `
Exactly one goal: --followers, the saving of so many followers in the K and V cache; --save, a share of kCache,
kvCache, parameters, prefillFlops or decodeBytes; --max-loss-increase, the most K and V cache for so many nats a token.

The text goes three ways. Plans are made on search from the measured damage of every span and left-out layer:
by exact dynamic programming (share, drop, mixed; with recall: share-recall, drop-recall, mixed-recall), step by step (greedy-share, greedy), with best-match head maps
(share-matched). The plan is chosen on choose. It, all rivals at equal savings, the front and the random plans are
then frozen and measured, once, on report. With --repair every plan is measured once more with its output projections
refitted on search; no training. What is measured is kept, so that after Ctrl-C the same command goes on.

Every part reads all texts; of four or more some are kept for report. The plan keeps in-context recall: of the exact plans
over a range of weights between text and recall damage, it is the one of least loss within --max-recall-increase.
JSON: {verdict, goal, target, plans, random, recall, axes, ties, stability, front, shortlist, baseline, interval, parts, notes}.

Example:
  spanwise search mini-llama2 --followers 2 --windows 2 --context 128 --max-span 3 --random 20`;

interface SearchFlags extends SharedOptions, GoalFlags {
	text?: string[];
	context: number;
	windows: number;
	maxSpan: number;
	protect: number[];
	repair?: boolean;
	random: number;
	shortlist?: number;
	recall: 'on' | 'off';
	maxRecallIncrease: number;
	out?: string;
}

export function registerSearch(program: Command, io: Io): void {
	withSharedOptions(
		program
			.command('search')
			.description('find the plan that costs least by measurement, and prove it beside its rivals')
			.argument('<model>', 'folder or name of a model')
			.option('--text <file...>', samplesHelp(SEARCH_DEFAULTS.samples))
			.option('--followers <count>', 'goal: save what so many followers save', wholeNumber(1))
			.option('--save <axis=share>', 'goal: save so much, e.g. kCache=12%', saving)
			.option('--max-loss-increase <nats>', 'goal: save most for so much loss', lossIncrease)
			.option('--context <tokens>', 'tokens in a window', wholeNumber(1), SEARCH_DEFAULTS.context)
			.option('--windows <count>', 'windows of each part', wholeNumber(1), SEARCH_DEFAULTS.windows)
			.option(
				'--max-span <layers>',
				'layers of the longest span, source included',
				wholeNumber(LEAST_SPAN),
				SEARCH_DEFAULTS.maxSpan
			)
			.option(
				'--protect <layers>',
				'layers that stay as they are, e.g. 0,15',
				layerList,
				SEARCH_DEFAULTS.protectedLayers
			)
			.option('--repair', 'measure plans with refitted output projections as well')
			.option(
				'--random <count>',
				'random plans to compare with',
				wholeNumber(0),
				SEARCH_DEFAULTS.randomPlans
			)
			.option(
				'--shortlist <spans>',
				'measure only so many spans, the cheapest by drop damage × output error',
				wholeNumber(1)
			)
			.addOption(recallOption())
			.option(
				'--max-recall-increase <nats>',
				'most recall increase of the plan: loss on a passage that comes again',
				lossIncrease,
				SEARCH_DEFAULTS.maxRecallIncrease
			)
			.option('--out <folder>', 'where the report, the plans and refitted weights are written'),
		'print the report as JSON'
	)
		.addHelpText('after', HELP)
		.action(async (model: string, flags: SearchFlags) => {
			const goal = goalOf(flags);
			if (flags.out !== undefined) {
				await checkTarget(resolve(flags.out));
				await readyTarget(resolve(flags.out), 0);
			}
			const request: SearchRequest = {
				modelFolder: await findModel(model, flags, io),
				documents: await readTexts(flags.text ?? sampleFiles(SEARCH_DEFAULTS.samples), io),
				context: flags.context,
				windows: flags.windows,
				maxSpan: flags.maxSpan,
				protectedLayers: flags.protect,
				goal,
				repair: flags.repair ?? SEARCH_DEFAULTS.repair,
				randomPlans: flags.random,
				shortlist: flags.shortlist ?? null,
				recall: flags.recall === 'on',
				maxRecallIncrease: flags.maxRecallIncrease,
				memoryLimitBytes: flags.memory ?? null,
				home: homeOf(flags, io)
			};
			const recorder = new TelemetryRecorder();
			const { search, refits } = await withModel(request.modelFolder, (opened) =>
				withProgress(opened, request, recorder, io)
			);
			if (flags.json) printJson(io, search.report);
			else print(io, searchText(search));
			if (flags.out !== undefined) {
				await writeSearch(flags.out, search, refits);
				say(io, `wrote the report and its plans to ${flags.out}`);
			}
			const { text: texts = [], context, windows, models: modelFolders } = flags;
			const command = searchCommand({ model, texts, context, windows, modelFolders }, request);
			const origin = { home: request.home, command, recorder };
			await storeResult({ kind: 'search', search }, origin, io, refits);
		});
}

async function withProgress(
	model: Model,
	request: SearchRequest,
	recorder: TelemetryRecorder,
	io: Io
): Promise<{ search: Search; refits: Refit[] }> {
	// Only here: onnxruntime takes longer to load than the other subcommands take to run.
	const { searchPlans } = await import('../analysis/measure/search/search.ts');
	const { estimateOf } = await import('../analysis/engine/estimate.ts');
	const display = progressDisplay(io.stderr);
	const stopWatching = watchInterrupts(() => {
		display.end();
		say(io, 'stopped; the same command goes on from what is there');
	});
	try {
		return await searchPlans(model, request, {
			onPrepared: async (outlook) => {
				sayEstimate(model.name, await estimateOf(outlook, request.home), io);
				const there = outlook.found === 0 ? '' : `; ${outlook.found} results are there`;
				say(io, `what is measured is kept in ${outlook.folder}${there}`);
			},
			onProgress: recorder.watching(display.update)
		});
	} finally {
		stopWatching();
		display.end();
	}
}
