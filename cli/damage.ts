import { resolve } from 'node:path';
import type { Command } from 'commander';
import { DAMAGE_DEFAULTS } from '../analysis/measure/damage/defaults.ts';
import type { Damage, DamageRequest } from '../analysis/measure/damage/types.ts';
import { damageCommand } from '../analysis/measure/results/command.ts';
import { TelemetryRecorder } from '../analysis/telemetry/recorder.ts';
import { formatPercent, formatWhole } from '../analysis/text/number.ts';
import { damageText } from './damageText.ts';
import { sayEstimate } from './estimateText.ts';
import { withModel, type Model } from '../analysis/model/open.ts';
import { findModel, homeOf } from './found.ts';
import { watchInterrupts } from './interrupt.ts';
import { print, printJson, say, type Io } from './io.ts';
import { recallOption, wholeNumber, withSharedOptions, type SharedOptions } from './options.ts';
import { progressDisplay } from './progress.ts';
import { sampleFiles, samplesHelp } from './samples.ts';
import { storeResult } from './store.ts';
import { readTexts } from './texts.ts';

/** A source and a follower. */
const LEAST_SPAN = 2;

const HELP = `
Measures the loss added, in nats a token, on windows of the text: for each layer that its attention is dropped;
for each pair source < follower that this one follower reuses the source's attention; for each span up to
--max-span that all of it is shared. output of a pair is 1 − ‖(P_l − P_m) V_m W_O‖ / ‖P_m V_m W_O‖. Layers of
different sliding windows are never paired: null. Each case's recall is measured on probes of 512 tokens: the loss on
the second copy of a passage that comes again. Intervals are 95%, by bootstrap over documents, then
windows, or over blocks of windows where there is one document.

Results are written to a file as they come, so that Ctrl-C loses one case at most: the same command goes on from there.
JSON: {baseline, drop, pairs: [{source, follower, loss, low, high, output}],
spans: [{source, last, loss, low, high}], recall: {baseline, drop, pairs, spans, windows}, evaluations: {done, naive}, interval}.

Example:
  spanwise damage mini-llama2 --text static/samples/walden.txt --context 256 --windows 4 --max-span 4`;

interface DamageFlags extends SharedOptions {
	text?: string[];
	context: number;
	windows: number;
	maxSpan: number;
	recall: 'on' | 'off';
	out?: string;
}

export function registerDamage(program: Command, io: Io): void {
	withSharedOptions(
		program
			.command('damage')
			.description('measure the loss that dropping a layer, sharing a pair and sharing a span adds')
			.argument('<model>', 'folder or name of a model')
			.option('--text <file...>', samplesHelp(DAMAGE_DEFAULTS.samples))
			.option('--context <tokens>', 'tokens in a window', wholeNumber(1), DAMAGE_DEFAULTS.context)
			.option('--windows <count>', 'windows of text', wholeNumber(1), DAMAGE_DEFAULTS.windows)
			.option(
				'--max-span <layers>',
				'layers of the longest span, source included',
				wholeNumber(LEAST_SPAN),
				DAMAGE_DEFAULTS.maxSpan
			)
			.addOption(recallOption())
			.option('--out <file>', 'where results are kept as they come (default: in the workspace)'),
		'print the result as JSON'
	)
		.addHelpText('after', HELP)
		.action(async (model: string, flags: DamageFlags) => {
			const { context, windows, maxSpan, text, models } = flags;
			const home = homeOf(flags, io);
			const recorder = new TelemetryRecorder();
			const damage = await withModel(await findModel(model, flags, io), async (opened) =>
				withProgress(
					opened,
					{
						modelFolder: opened.path,
						documents: await readTexts(text ?? sampleFiles(DAMAGE_DEFAULTS.samples), io),
						context,
						windows,
						maxSpan,
						recall: flags.recall === 'on',
						memoryLimitBytes: flags.memory ?? null,
						home,
						progressFile: flags.out === undefined ? null : resolve(flags.out)
					},
					recorder,
					io
				)
			);
			const { done, naive } = damage.report.evaluations;
			say(
				io,
				`layer evaluations: ${formatWhole(done)}; each case run by itself: ${formatWhole(naive)} (${formatPercent(done / naive)})`
			);
			if (flags.json) printJson(io, damage.report);
			else print(io, damageText(damage));
			const on = { model, texts: text ?? [], context, windows, modelFolders: models };
			const command = damageCommand(on, { maxSpan, recall: flags.recall === 'on' });
			await storeResult({ kind: 'damage', damage }, { home, command, recorder }, io);
		});
}

async function withProgress(
	model: Model,
	request: DamageRequest,
	recorder: TelemetryRecorder,
	io: Io
): Promise<Damage> {
	// Only here: onnxruntime takes longer to load than the other subcommands take to run.
	const { measureDamage } = await import('../analysis/measure/damage/damage.ts');
	const { estimateOf } = await import('../analysis/engine/estimate.ts');
	const display = progressDisplay(io.stderr);
	const stopWatching = watchInterrupts(() => {
		display.end();
		say(io, 'stopped; the same command goes on from what is there');
	});
	try {
		return await measureDamage(model, request, {
			onPrepared: async (outlook) => {
				sayEstimate(model.name, await estimateOf(outlook, request.home), io);
				const { found, all } = outlook.results;
				const there = found === 0 ? '' : `; ${found} of ${all} are there`;
				say(io, `results are kept in ${outlook.progressFile}${there}`);
			},
			onProgress: recorder.watching(display.update)
		});
	} finally {
		stopWatching();
		display.end();
	}
}
