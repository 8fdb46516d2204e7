import { InputError } from '../../errors.ts';
import { peakWithHelpers } from '../../process/helpers.ts';
import { checkFinite } from '../../finite.ts';
import type { Progress } from '../../telemetry/progress.ts';
import type { RunRecord } from '../../workspace/run/types.ts';
import { checkTarget, readyTarget, type FolderFile } from '../../workspace/wholeFolder.ts';
import { writeRun } from '../../workspace/run/write.ts';
import { TelemetryRecorder } from '../../telemetry/recorder.ts';
import { documentFacts } from '../../model/tokens/documents.ts';
import { VERSION } from '../../version.ts';
import type { Model } from '../../model/open.ts';
import type { Part } from '../shards/parts.ts';
import type { Shard } from '../shards/shard.ts';
import { mergedCaptures, partFiles, type Captures } from './part.ts';
import { prepare, type PreparedAnalysis } from './prepare.ts';
import { Reporter } from '../../telemetry/reporter.ts';
import { torchRecall } from '../../engine/torchEngine.ts';
import type { ChosenDevice } from '../../engine/onnxDevices.ts';
import { engineWords, type EnginePath } from '../../engine/path.ts';
import type { TorchSettings } from '../../engine/torchSettings.ts';
import { rememberSpeed } from '../../engine/speed.ts';
import { Stopwatch } from '../../telemetry/stopwatch.ts';
import { madeBy } from '../torchFlags.ts';
import type { AnalyzeRequest } from './types.ts';

/** Folder, id and command of a run, and its callbacks. */
export interface AnalyzeOptions {
	/** The run's folder; it must not exist. */
	runFolder: string;
	id: string;
	/** The command that makes this run again; kept in the run. */
	command: string;
	onProgress: (progress: Progress) => void;
	/** Called once, before the model runs. */
	onPrepared?: (prepared: PreparedAnalysis) => Promise<void> | void;
}

/**
 * Analyses a model: runs it on windows of the texts, sums up its attention and writes the run's folder; `parts` are what
 * shards captured, from which the run is then made. Throws InputError where model, texts, memory limit or target are at
 * fault; nothing is written then.
 */
export async function analyze(
	model: Model,
	request: AnalyzeRequest,
	options: AnalyzeOptions,
	parts: readonly Part[] | null = null
): Promise<RunRecord> {
	const started = performance.now();
	const stopwatch = new Stopwatch();
	const recorder = new TelemetryRecorder();
	stopwatch.enter('prepare');
	await checkTarget(options.runFolder);
	const prepared = await prepare(model, request);
	await readyTarget(options.runFolder, sumsBytes(prepared));
	if (parts === null) await options.onPrepared?.(prepared);
	const { windows } = prepared;
	const onProgress = recorder.watching(options.onProgress);
	const merged = parts && (await mergedCaptures(parts));
	const captures = merged ?? (await capture(prepared, request, onProgress, stopwatch));
	const { captured, recall, path } = captures;
	if (captured === null || captures.windows !== windows.length)
		throw new InputError(`shards: ${captures.windows} windows; expected ${windows.length}`);
	stopwatch.enter('hash');
	const hash = await model.hash(request.home);
	const timings = stopwatch.stop();
	const seconds = (performance.now() - started) / 1000;
	const shards = captured.sums.at(0)?.shards ?? [];
	const { tokenizer, context, notes } = prepared;
	return await writeRun(
		options.runFolder,
		{
			format: 'spanwise/run',
			version: 1,
			id: options.id,
			status: 'complete',
			createdAt: new Date().toISOString(),
			spanwise: VERSION,
			model: {
				...model.facts,
				reach: captured.seen?.reach ?? model.facts.reach,
				name: model.name,
				folder: model.path,
				hash,
				tokenizerHash: prepared.tokenizer.sha256
			},
			texts: request.documents.map(documentFacts),
			context,
			windows: windows.map(({ document, start, ids }) => ({
				document,
				start,
				tokens: ids.length
			})),
			...(shards.length > 1 && { shards: [...shards] }),
			tokens: windows.reduce((sum, { ids }) => sum + ids.length, 0),
			bos: tokenizer.bosId !== null,
			metrics: request.metrics,
			views: request.views,
			jsRows: request.jsRows,
			profile: captured.profile,
			loss: captured.loss,
			...(recall && {
				recall: { loss: recall.loss, windows: recall.windows },
				induction: recall.induction
			}),
			...madeBy(request.torch, path),
			timings,
			seconds: merged === null ? seconds : merged.seconds + seconds,
			peakRssBytes: Math.max(peakWithHelpers(), captures.peakRssBytes),
			telemetry: recorder.finish(),
			notes: [
				...notes,
				...(captured.seen?.notes ?? []),
				...deviceNotes(captured.chosen, prepared),
				...(merged === null ? [] : [shardsNote(merged.shards), ...pathNotes(request, merged.paths)])
			],
			command: options.command
		},
		captured.sums,
		{
			windows: windows.map(({ ids }) => ({ ids, pieces: tokenizer.pieces(ids) }))
		}
	);
}

/** Returns the record of the chosen device and of the type that it computed in; empty where none was chosen. */
function ranOn(chosen: ChosenDevice | undefined): Partial<Pick<ChosenDevice, 'device' | 'dtype'>> {
	if (chosen === undefined) return {};
	const { device, dtype = 'float32' } = chosen;
	return { device, dtype };
}

/** Notes on the choice of the device, and on what ran elsewhere. */
function deviceNotes(chosen: ChosenDevice | undefined, { recall }: PreparedAnalysis): string[] {
	if (chosen === undefined) return [];
	const elsewhere =
		chosen.device === 'cpu' || recall === null ? [] : ['recall was measured on the CPU'];
	return [...(chosen.why === null ? [] : [chosen.why]), ...elsewhere];
}

/** Writes the note on a run of several shards. */
function shardsNote(shards: number): string {
	return `measured in ${shards} shards: the null is over pairs of windows within a shard, not over all pairs; seconds are those of all shards together`;
}

/** Says how shards ran that did not all run alike; [] where they did. */
function pathNotes(
	{ torch }: AnalyzeRequest,
	paths: readonly { shard: number; path: EnginePath }[]
): string[] {
	const ran = paths.map(({ shard, path }) => ({
		shard,
		words: engineWords(madeBy(torch, path).engine)
	}));
	if (new Set(ran.map(({ words }) => words)).size === 1) return [];
	const each = ran.map(({ shard, words }) => `${shard}: ${words}`);
	return [`shards ran in different ways: ${each.join('; ')}`];
}

/** Runs the windows and the probes of one shard: the files of its part. Throws InputError as `analyze`. */
export async function captureShard(
	model: Model,
	request: AnalyzeRequest & { shard: Shard },
	{ onProgress, onPrepared }: Pick<AnalyzeOptions, 'onProgress' | 'onPrepared'>
): Promise<FolderFile[]> {
	const prepared = await prepare(model, request);
	await onPrepared?.(prepared);
	return partFiles(await capture(prepared, request, onProgress, new Stopwatch()));
}

/** Runs the windows and probes that were prepared. */
async function capture(
	prepared: PreparedAnalysis,
	request: AnalyzeRequest,
	onProgress: (progress: Progress) => void,
	stopwatch: Stopwatch
): Promise<Captures> {
	const started = performance.now();
	const { model, windows, context, totalWork } = prepared;
	const { home } = request;
	const task = { work: totalWork, layers: model.facts.layers, windows: windows.length, context };
	const reporter = new Reporter(task, onProgress);
	reporter.add(0, 'reading weights', 0);
	const captured =
		windows.length === 0 ? null : await prepared.capture(windows, home, reporter, stopwatch);
	if (captured !== null) checkFinite([captured.loss], model.path, 'the loss');
	const recall = await recallOf(prepared, request.torch ?? null, home, reporter, stopwatch);
	if (captured !== null)
		await rememberSpeed(home, reporter.rate(), {
			torch: request.torch ?? null,
			...ranOn(captured.chosen)
		});
	return {
		captured,
		windows: windows.length,
		scored: windows.reduce((sum, { ids }) => sum + ids.length - 1, 0),
		recall,
		path: { ...prepared.path, ...ranOn(captured?.chosen) },
		seconds: (performance.now() - started) / 1000,
		peakRssBytes: peakWithHelpers()
	};
}

/** Recall and induction; null: they are not measured. */
async function recallOf(
	{ model, recall }: PreparedAnalysis,
	torch: TorchSettings | null,
	home: string,
	reporter: Reporter,
	stopwatch: Stopwatch
): Promise<Captures['recall']> {
	if (recall === null || model.form === 'onnx') return null;
	stopwatch.enter('recall');
	const { captureRecall } = await import('../../engine/recallPass.ts');
	const { loss, induction } =
		torch === null
			? await captureRecall(model.checkpoint, recall, model.reader, reporter)
			: await torchRecall(model, torch, recall, home, reporter);
	checkFinite([loss], model.path, 'the recall');
	return { loss, induction, windows: recall.probes.probes.length };
}

/** Bytes of the run's sums, all but what its folder holds. */
function sumsBytes({ layout, statistics }: PreparedAnalysis): number {
	const rows = layout.layers * layout.heads;
	const squares = 2 * Number(statistics.gram) + Number(statistics.sqrt);
	return 8 * statistics.views.length * squares * rows * rows;
}
