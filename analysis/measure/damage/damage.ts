import type { Model } from '../../model/open.ts';
import { confirmedOr } from '../../model/sameModel.ts';
import { Reporter } from '../../telemetry/reporter.ts';
import type { Progress } from '../../telemetry/progress.ts';
import { documentFacts } from '../../model/tokens/documents.ts';
import { costsOfCases } from './cases.ts';
import { measureCases, missingCases } from './measure.ts';
import { prepareDamage, type PreparedDamage } from './prepare.ts';
import { ProgressFile, progressFileIn, progressHeader } from '../lossFile.ts';
import { damageReport } from './report.ts';
import type { Damage, DamageRequest } from './types.ts';
import { workOfCases } from './work.ts';

/** What is left to do, known before the model runs. */
export interface DamageOutlook extends PreparedDamage {
	/** Floating-point operations of what is missing. */
	totalWork: number;
	progressFile: string;
	/** Results that the progress file has, and how many there will be: cases × windows and probes. */
	results: { found: number; all: number };
}

/** Who is told. */
export interface DamageOptions {
	onProgress: (progress: Progress) => void;
	/** Told once, before the model runs. */
	onPrepared?: (outlook: DamageOutlook) => Promise<void> | void;
	/** Told after each layer of each window, so that evaluations can be counted. */
	onLayer?: () => void;
}

/**
 * Measures what it costs that each layer is dropped, that each layer reuses each layer before it, and that each
 * span is shared. Results are kept as they come; what an earlier measurement of the same left is not measured
 * again. Throws InputError where model, texts, longest span, progress file or memory limit are at fault.
 */
export async function measureDamage(
	model: Model,
	request: DamageRequest,
	options: DamageOptions
): Promise<Damage> {
	const started = performance.now();
	const { home, documents } = request;
	const prepared = await prepareDamage(model, request);
	const { checkpoint, windows, context, notes } = prepared;
	const hash = await model.hash(home);
	const texts = documents.map(documentFacts);
	const tokenizerHash = prepared.tokenizer.sha256;
	const header = progressHeader({
		model: hash,
		tokenizer: tokenizerHash,
		texts: texts.map(({ sha256 }) => sha256),
		context,
		windows: windows.length,
		maxSpan: request.maxSpan
	});
	const path = request.progressFile ?? progressFileIn(home, checkpoint.name, header);
	const progress = await ProgressFile.open(path, header);
	try {
		const outlook = outlookOf(prepared, progress);
		await options.onPrepared?.(outlook);
		const { layers } = checkpoint.config;
		const reporter = new Reporter(
			{ work: outlook.totalWork, layers, windows: windows.length, context },
			options.onProgress
		);
		reporter.add(0, 'reading weights', 0);
		await measureCases(prepared, progress, reporter, options.onLayer);
		await confirmedOr(model, home, () => progress.discard());
		return {
			...damageReport(prepared, documents, progress),
			model: { name: checkpoint.name, hash, tokenizerHash },
			texts,
			context,
			windows: windows.length,
			notes: [...notes, ...progress.notes],
			progressFile: path,
			seconds: (performance.now() - started) / 1000
		};
	} finally {
		await progress.close();
	}
}

function outlookOf(prepared: PreparedDamage, progress: ProgressFile): DamageOutlook {
	const { checkpoint, maxSpan } = prepared;
	const cases = 1 + costsOfCases(checkpoint.config.reach, maxSpan).size;
	const { samples } = prepared;
	const work = samples.map((sample) =>
		sample.windows
			.map((_, window) => missingCases(prepared, sample, progress, window))
			.reduce((sum, names) => sum + workOfCases(prepared, sample, names), 0)
	);
	const windows = samples.reduce((sum, sample) => sum + sample.windows.length, 0);
	return {
		...prepared,
		totalWork: work.reduce((sum, each) => sum + each, 0),
		progressFile: progress.path,
		results: { found: progress.size, all: windows * cases }
	};
}
