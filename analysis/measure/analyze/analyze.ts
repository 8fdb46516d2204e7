import { peakRssBytes } from '../../process/peakMemory.ts';
import { checkFinite } from '../../finite.ts';
import type { Progress } from '../../telemetry/progress.ts';
import type { RunRecord } from '../../workspace/run/types.ts';
import { checkTarget, readyTarget } from '../../workspace/wholeFolder.ts';
import { writeRun } from '../../workspace/run/write.ts';
import { TelemetryRecorder } from '../../telemetry/recorder.ts';
import { documentFacts } from '../../model/tokens/documents.ts';
import { VERSION } from '../../version.ts';
import type { Model } from '../../model/open.ts';
import { prepare, type PreparedAnalysis } from './prepare.ts';
import { Reporter } from '../../telemetry/reporter.ts';
import { torchRecall } from '../../engine/torchEngine.ts';
import type { ChosenDevice } from '../../engine/onnxDevices.ts';
import type { TorchSettings } from '../../engine/torchSettings.ts';
import { rememberSpeed } from '../../engine/speed.ts';
import { Stopwatch } from '../../telemetry/stopwatch.ts';
import type { AnalyzeRequest } from './types.ts';

/** Where the run goes and who is told. */
export interface AnalyzeOptions {
	/** The run's folder; it must not exist. */
	runFolder: string;
	id: string;
	/** The command that makes this run again; kept in the run. */
	command: string;
	onProgress: (progress: Progress) => void;
	/** Told once, before the model runs. */
	onPrepared?: (prepared: PreparedAnalysis) => Promise<void> | void;
}

/**
 * Analyses a model: runs it on windows of the texts, sums up its attention and writes the run's folder.
 * Throws InputError where model, texts, memory limit or target are at fault; nothing is written then.
 */
export async function analyze(
	model: Model,
	request: AnalyzeRequest,
	options: AnalyzeOptions
): Promise<RunRecord> {
	const started = performance.now();
	const stopwatch = new Stopwatch();
	const recorder = new TelemetryRecorder();
	stopwatch.enter('prepare');
	await checkTarget(options.runFolder);
	const prepared = await prepare(model, request);
	await readyTarget(options.runFolder, sumsBytes(prepared));
	await options.onPrepared?.(prepared);
	const { windows } = prepared;
	const torch = request.torch ?? null;
	const reporter = new Reporter(
		{
			work: prepared.totalWork,
			layers: model.facts.layers,
			windows: windows.length,
			context: prepared.context
		},
		recorder.watching(options.onProgress)
	);
	reporter.add(0, 'reading weights', 0);
	const beforeCapture = reporter.secondsElapsed();
	const captured = await prepared.capture(windows, request.home, reporter, stopwatch);
	checkFinite([captured.loss], model.path, 'the loss');
	const recall = await recallOf(prepared, torch, request.home, reporter, stopwatch);
	const captureSeconds = reporter.secondsElapsed() - beforeCapture;
	stopwatch.enter('hash');
	const hash = await model.hash(request.home);
	await rememberSpeed(request.home, prepared.totalWork / captureSeconds);
	const timings = stopwatch.stop();
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
			tokens: windows.reduce((sum, { ids }) => sum + ids.length, 0),
			bos: tokenizer.bosId !== null,
			metrics: request.metrics,
			views: request.views,
			jsRows: request.jsRows,
			profile: captured.profile,
			loss: captured.loss,
			...recall,
			engine: {
				name: torch === null ? 'onnxruntime' : 'torch',
				...prepared.path,
				...(captured.chosen && { device: captured.chosen.device })
			},
			timings,
			seconds: (performance.now() - started) / 1000,
			peakRssBytes: peakRssBytes(),
			telemetry: recorder.finish(),
			notes: [...notes, ...(captured.seen?.notes ?? []), ...deviceNotes(captured.chosen, prepared)],
			command: options.command
		},
		captured.sums,
		{
			windows: windows.map(({ ids }) => ({ ids, pieces: tokenizer.pieces(ids) }))
		}
	);
}

/** Why it ran where it ran, and what ran elsewhere. */
function deviceNotes(chosen: ChosenDevice | undefined, { recall }: PreparedAnalysis): string[] {
	if (chosen === undefined) return [];
	const elsewhere =
		chosen.device === 'cpu' || recall === null ? [] : ['recall was measured on the CPU'];
	return [...(chosen.why === null ? [] : [chosen.why]), ...elsewhere];
}

/** What run.json says of recall; nothing where it is not measured. */
async function recallOf(
	{ model, recall }: PreparedAnalysis,
	torch: TorchSettings | null,
	home: string,
	reporter: Reporter,
	stopwatch: Stopwatch
): Promise<Pick<RunRecord, 'recall' | 'induction'>> {
	if (recall === null || model.form === 'onnx') return {};
	stopwatch.enter('recall');
	const { captureRecall } = await import('../../engine/recallPass.ts');
	const { loss, induction } =
		torch === null
			? await captureRecall(model.checkpoint, recall, model.reader, reporter)
			: await torchRecall(model, torch, recall, home, reporter);
	checkFinite([loss], model.path, 'the recall');
	return { recall: { loss, windows: recall.probes.probes.length }, induction };
}

/** Bytes of the run's sums, all but what its folder holds. */
function sumsBytes({ layout, statistics }: PreparedAnalysis): number {
	const rows = layout.layers * layout.heads;
	const squares = 2 * Number(statistics.gram) + Number(statistics.sqrt);
	return 8 * statistics.views.length * squares * rows * rows;
}
