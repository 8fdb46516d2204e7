import type { Model } from '../../model/open.ts';
import { confirmedOr } from '../../model/sameModel.ts';
import { Reporter } from '../../telemetry/reporter.ts';
import type { Progress } from '../../telemetry/progress.ts';
import { documentFacts } from '../../model/tokens/documents.ts';
import { costsOfCases } from './cases.ts';
import { measureCases, missingCases } from './measure.ts';
import { prepareDamage, type PreparedDamage } from './prepare.ts';
import { windowsToMeasure } from './sample.ts';
import { ProgressFile, progressFileIn, progressHeader, readResults } from '../lossFile.ts';
import { addLosses, lossFile } from '../shards/losses.ts';
import type { Part } from '../shards/parts.ts';
import type { Shard } from '../shards/shard.ts';
import type { FolderFile } from '../../workspace/wholeFolder.ts';
import { madeBy, resumedBy } from '../torchFlags.ts';
import { damageReport } from './report.ts';
import type { Damage, DamageRequest } from './types.ts';
import { workOfCases } from './work.ts';

/** Of a shard's part: all that it measured. */
const RESULTS = 'results.jsonl';

/** Work that is left to do, known before the model runs. */
export interface DamageForecast extends PreparedDamage {
	/** Floating-point operations of what is missing. */
	totalWork: number;
	progressFile: string;
	/** Results that the progress file has, and how many there will be: cases × windows and probes. */
	results: { found: number; all: number };
}

/** Callbacks. */
export interface DamageOptions {
	onProgress: (progress: Progress) => void;
	/** Called once, before the model runs. */
	onPrepared?: (forecast: DamageForecast) => Promise<void> | void;
	/** Called after each layer of each window, so that evaluations can be counted. */
	onLayer?: () => void;
}

/**
 * Measures what it costs that each layer is dropped, that each layer reuses each layer before it, and that each
 * span is shared. Results are kept as they come; what an earlier measurement of the same left, or shards measured
 * (`parts`), is not measured again. Throws InputError where model, texts, longest span, progress file or memory limit are
 * at fault.
 */
export async function measureDamage(
	model: Model,
	request: DamageRequest,
	options: DamageOptions,
	parts: readonly Part[] | null = null
): Promise<Damage> {
	const started = performance.now();
	const { documents, progressFile } = request;
	const prepared = await prepareDamage(model, request);
	const { checkpoint, windows, context, notes } = prepared;
	const about = await aboutDamage(model, prepared, request);
	const path = progressFile ?? progressFileIn(request.home, checkpoint.name, about.header);
	const progress = await ProgressFile.open(path, about.header);
	try {
		if (parts !== null) await addLosses(parts, RESULTS, progress);
		await measureMissing(prepared, progress, request, options);
		const ofShards = parts === null ? [] : [`measured in ${parts.length} shards`];
		return {
			...damageReport(prepared, documents, progress),
			...madeBy(request.torch, prepared.plans.path),
			model: { name: checkpoint.name, hash: about.hash, tokenizerHash: prepared.tokenizer.sha256 },
			texts: about.texts,
			context,
			windows: windows.length,
			notes: [...notes, ...progress.notes, ...ofShards],
			progressFile: path,
			seconds: (performance.now() - started) / 1000
		};
	} finally {
		await progress.close();
	}
}

/** Measures every case on the windows and probes of one shard: the file of its part. Throws InputError as `measureDamage`. */
export async function damageShard(
	model: Model,
	request: DamageRequest & { shard: Shard },
	options: DamageOptions
): Promise<FolderFile[]> {
	const prepared = await prepareDamage(model, request);
	const { header } = await aboutDamage(model, prepared, request);
	const { index, count } = request.shard;
	const whole = progressFileIn(request.home, prepared.checkpoint.name, header);
	const path = whole.replace(/\.jsonl$/, `-${index}-of-${count}.jsonl`);
	const progress = await ProgressFile.open(path, header);
	try {
		await measureMissing(prepared, progress, request, options);
	} finally {
		await progress.close();
	}
	return [lossFile(RESULTS, await readResults(path))];
}

/** Makes the header of the progress file, and the hash of the model and facts of the texts that a report names. */
async function aboutDamage(model: Model, prepared: PreparedDamage, request: DamageRequest) {
	const { context, windows, maxSpan, tokenizer } = prepared;
	const hash = await model.hash(request.home);
	const texts = request.documents.map(documentFacts);
	const header = progressHeader({
		model: hash,
		tokenizer: tokenizer.sha256,
		texts: texts.map(({ sha256 }) => sha256),
		context,
		windows: windows.length,
		maxSpan,
		...resumedBy(request.torch)
	});
	return { hash, texts, header };
}

/** Runs the cases that the progress file does not have. */
async function measureMissing(
	prepared: PreparedDamage,
	progress: ProgressFile,
	{ home }: DamageRequest,
	options: DamageOptions
): Promise<void> {
	const { checkpoint, windows, context, model } = prepared;
	const forecast = forecastOf(prepared, progress);
	await options.onPrepared?.(forecast);
	const { layers } = checkpoint.config;
	const reporter = new Reporter(
		{ work: forecast.totalWork, layers, windows: windows.length, context },
		options.onProgress
	);
	reporter.add(0, 'reading weights', 0);
	await measureCases(prepared, progress, reporter, options.onLayer);
	await confirmedOr(model, home, () => progress.discard());
}

function forecastOf(prepared: PreparedDamage, progress: ProgressFile): DamageForecast {
	const { checkpoint, maxSpan } = prepared;
	const cases = 1 + costsOfCases(checkpoint.config.slidingWindows, maxSpan).size;
	const { samples } = prepared;
	const toMeasure = samples.map((sample) => windowsToMeasure(prepared, sample));
	const work = samples.map((sample, at) =>
		toMeasure[at]
			.map((window) => missingCases(prepared, sample, progress, window))
			.reduce((sum, names) => sum + workOfCases(prepared, sample, names), 0)
	);
	const windows = toMeasure.reduce((sum, each) => sum + each.length, 0);
	return {
		...prepared,
		totalWork: work.reduce((sum, each) => sum + each, 0),
		progressFile: progress.path,
		results: { found: progress.size, all: windows * cases }
	};
}
