import { completedHash } from '../analyze/modelHash.ts';
import { Reporter } from '../analyze/reporter.ts';
import { WeightSource } from '../capture/weights.ts';
import { ModelHasher } from '../checkpoint/hash.ts';
import { WeightReader } from '../checkpoint/read.ts';
import { rememberedHash } from '../checkpoint/remembered.ts';
import { planMatches } from '../plan/planFile.ts';
import { headMapsOf } from '../plan/spans.ts';
import type { Plan } from '../plan/types.ts';
import type { Progress } from '../progress.ts';
import { documentFacts } from '../tokens/documents.ts';
import { VERSION } from '../version.ts';
import { measureChoices } from './choices/measure.ts';
import { scoreChoices } from './choices/score.ts';
import { measureWindows } from './measure.ts';
import { choiceWork, prepareEvaluation, type PreparedEvaluation } from './prepare.ts';
import { reportOf } from './report.ts';
import type { EvaluateRequest, Evaluation } from './types.ts';

/** Who is told. */
export interface EvaluateOptions {
	onProgress: (progress: Progress) => void;
	/** Told once, before the model runs. */
	onPrepared?: (prepared: PreparedEvaluation) => Promise<void> | void;
}

/**
 * Runs windows of the texts through a model as it is and as planned, and compares what both say. Nothing is
 * written. Throws InputError where model, plan, texts or memory limit are at fault.
 */
export async function evaluatePlan(
	request: EvaluateRequest,
	options: EvaluateOptions
): Promise<Evaluation> {
	const started = performance.now();
	const prepared = await prepareEvaluation(request);
	await options.onPrepared?.(prepared);
	const { checkpoint, windows, context, notes } = prepared;
	const { plan, home } = request;
	const { config } = checkpoint;
	const { layers } = config;
	const reporter = new Reporter(
		{ work: prepared.totalWork, layers, windows: windows.length, context },
		options.onProgress
	);
	reporter.add(0, 'reading weights', 0);
	const reader = new WeightReader();
	try {
		const known = await rememberedHash(home, checkpoint);
		const hasher = known === null ? new ModelHasher(checkpoint) : null;
		const planned = {
			sources: plan.sources,
			headMaps: headMapsOf(plan.spans, layers),
			repairs: request.repairs ?? undefined
		};
		const { resident, windowsPerGroup } = prepared.memory;
		const weights = new WeightSource(checkpoint, reader, { resident, hasher });
		const measured = await measureWindows(prepared, planned, weights, reporter);
		const choices =
			request.questions === null
				? undefined
				: scoreChoices(
						request.questions,
						await measureChoices(
							config,
							weights,
							windowsPerGroup,
							planned,
							prepared.choices,
							(choice) => {
								const work = choiceWork(choice, config, context, prepared.work);
								reporter.addTokens(2 * choice.ids.length);
								reporter.add(work, 'questions', windows.length);
							}
						)
					);
		const hash = known ?? (await completedHash(checkpoint, reader, hasher, home));
		const { name } = checkpoint;
		return {
			report: reportOf(request, prepared, measured, choices),
			model: { name, hash },
			texts: request.documents.map(documentFacts),
			context,
			notes,
			warning: planMatches(plan, { name, layers, hash }),
			seconds: (performance.now() - started) / 1000
		};
	} finally {
		await reader.close();
	}
}

/** The plan with what was measured of it: the report without windows and tokens, and what it is about. */
export function measuredPlan(plan: Plan, evaluation: Evaluation, measuredAt = new Date()): Plan {
	const { report, model, texts, context } = evaluation;
	const { baseline, shared, delta, kl, agreement, cost, choices, gates, windows } = report;
	return {
		...plan,
		measured: {
			baseline,
			shared,
			delta,
			kl,
			agreement,
			cost,
			...(choices && { choices }),
			gates,
			model,
			texts,
			context,
			windows: windows.length,
			measuredAt: measuredAt.toISOString(),
			version: VERSION
		}
	};
}
