import { Option } from 'commander';
import * as v from 'valibot';
import type { BenchReport } from '../analysis/measure/bench/benchTypes.ts';
import { bench } from '../analysis/measure/bench/index.ts';
import { benchSides } from '../analysis/measure/bench/sideProcess.ts';
import { parseUntrusted } from '../analysis/edge/parse.ts';
import { InputError } from '../analysis/errors.ts';
import { commandOf } from '../analysis/measure/command.ts';
import { readFlags } from '../analysis/measure/flags.ts';
import { resultOf } from '../analysis/measure/results/result.ts';
import { benchSettings } from '../analysis/measure/bench/settings.ts';
import { withModel } from '../analysis/model/open.ts';
import { TelemetryRecorder } from '../analysis/telemetry/recorder.ts';
import { benchText } from './benchText.ts';
import { findModel, homeOf } from './found.ts';
import { say, type Io } from './io.ts';
import { printFigures, type KindOptions, type Own } from './measurement.ts';
import { sampleFiles } from './samples.ts';
import { storeResult } from './store.ts';
import { readTexts } from './texts.ts';
import { withProgress } from './withProgress.ts';
import { WORKERS } from './workers.ts';

/** Options and texts of `spanwise bench` beyond those of its kind. */
export const benchOwn: Own<BenchReport> = {
	model: 'folder or name of a model, an ONNX file, or a folder written by spanwise apply',
	options: [new Option('--against <folder>', 'the planned model, written by spanwise apply')],
	planMissing: '--plan: missing; or --against, a written model',
	async otherwise(model, options, io) {
		const { against, plan } = options;
		if (typeof against !== 'string') return false;
		if (plan !== undefined) {
			throw new InputError('--plan and --against: both given; allowed: one of them');
		}
		await ofWritten(model, against, options, io);
		return true;
	},
	remarks: ({ warning = null, notes = [] }) => [
		...(warning === null ? [] : [`warning: ${warning}`]),
		...notes.map((note) => `note: ${note}`)
	],
	text: benchText
};

const { prompt, generate, batch, repeats, recall } = benchSettings.entries;
/** Rounds of two models that are there already: they have their plan and their types. */
const settingForm = v.object({ prompt, generate, batch, repeats, recall });

/** Measures two models that are there already, and keeps what was measured. */
async function ofWritten(
	model: string,
	against: string,
	options: KindOptions,
	io: Io
): Promise<void> {
	if (options.dtype !== undefined) throw new InputError('--dtype: the models are written already');
	const { measureWritten } = await import('../analysis/measure/bench/measureWritten.ts');
	const home = homeOf(options, io);
	const modelFolder = await findModel(model, options, io);
	const memoryLimitBytes = options.memory ?? null;
	const setting = parseUntrusted(settingForm, readFlags(bench.flags, options), 'bench');
	const documents = await readTexts(options.text ?? sampleFiles(bench.samples), io);
	const recorder = new TelemetryRecorder();
	const { bench: figures, plan } = await withProgress(io, {}, ({ onProgress }) =>
		withModel(modelFolder, (opened) =>
			measureWritten(
				opened,
				{ against, memoryLimitBytes, home, documents, ...setting },
				{
					id: 'bench',
					openSide: benchSides(new URL('benchWorker.js', WORKERS)),
					onProgress: recorder.watching(onProgress)
				}
			)
		)
	);
	for (const line of benchOwn.remarks?.(figures) ?? []) say(io, line);
	printFigures(bench, figures, options, io, benchOwn);
	const named = {
		...{ model, texts: options.text ?? [], modelFolders: options.models },
		instead: ['--against', against]
	};
	const command = commandOf(bench, named, setting);
	await storeResult(resultOf('bench', figures, plan), { home, command, recorder }, io);
}
