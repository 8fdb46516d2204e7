import { deployModel } from '../../apply/deploy.ts';
import { writeTuned } from '../../apply/tuned.ts';
import { tuneByTorch, type TuneLook } from '../../engine/torchTune.ts';
import { exists } from '../../model/checkpoint/files.ts';
import type { Model } from '../../model/open.ts';
import { documentFacts } from '../../model/tokens/documents.ts';
import { makePlan, modelOfPlan, planMatches } from '../../plan/planFile.ts';
import { planSpans } from '../../plan/spans.ts';
import type { Plan, Sources } from '../../plan/types.ts';
import { mean } from '../../statistics/figures.ts';
import { Reporter } from '../../telemetry/reporter.ts';
import type { Progress } from '../../telemetry/progress.ts';
import { formatValue } from '../../text/number.ts';
import { checkNewFolder } from '../../workspace/wholeFolder.ts';
import { KeptTune } from './kept.ts';
import { prepareTune, type Part, type PreparedTune } from './prepare.ts';
import { learningRateOf, reportOf, type MeasuredArm } from './report.ts';
import { cheapestDrops, dropsAtEqualSavings } from './rival.ts';
import type { TuneSettings } from './settings.ts';
import type { Arm, Tune, TuneRequest } from './types.ts';
import { comparisonWords, settingWords } from './words.ts';

/** Callbacks. */
export interface TuneOptions {
	onProgress: (progress: Progress) => void;
	/** Called once, before a model runs. */
	onPrepared?: (prepared: PreparedTune, kept: string) => Promise<void> | void;
}

/** Objects that are shared while arms are tuned. */
interface Work {
	request: TuneRequest;
	prepared: PreparedTune;
	kept: KeptTune;
	reporter: Reporter;
}

/**
 * Tunes a planned model, and the untouched one and a rival alike, and writes the tuned folder. A tuning that was stopped
 * goes on from its checkpoints. Throws InputError where model, plan, texts, Python, memory or folder are at fault.
 */
export async function tunePlan(
	model: Model,
	request: TuneRequest,
	{ onProgress, onPrepared }: TuneOptions
): Promise<Tune> {
	const started = performance.now();
	const { home, out, documents, plan } = request;
	const prepared = await prepareTune(model, request);
	await checkNewFolder(out);
	const { name, facts } = model;
	const hash = await model.hash(home);
	const texts = documents.map(documentFacts);
	const tokenizerHash = prepared.tokenizer.sha256;
	const kept = new KeptTune(home, aboutOf(request, { hash, tokenizerHash, texts }));
	await onPrepared?.(prepared, kept.folder);
	const { layers } = facts;
	const reporter = new Reporter(
		{ work: prepared.totalWork, layers, windows: request.steps, context: prepared.context },
		(progress) => onProgress({ ...progress, counted: 'step' })
	);
	reporter.add(0, 'loading models', 0);
	const work = { request, prepared, kept, reporter };
	const arms: MeasuredArm[] = [];
	for (const arm of prepared.arms) arms.push(await tuneArm(arm, model, work));
	const control = arms.find(({ arm }) => arm === 'control');
	const baseline = control?.figures.before ?? arms[0].figures.baseline;
	if (baseline === null) throw new RangeError('the untouched model was not measured');
	const report = reportOf(settingsOf(request), prepared, request.questions, {
		baseline,
		arms
	});
	await writeTuned({
		from: kept.path('planned', 'model'),
		weights: kept.path('planned', 'tuned.safetensors'),
		out,
		home,
		tuned: { command: request.command, report },
		lines: [settingWords(report), ...report.comparisons.map(comparisonWords)]
	});
	await kept.discard();
	return {
		report,
		folder: out,
		model: { name, hash, tokenizerHash },
		texts,
		context: prepared.context,
		notes: prepared.notes,
		warning: planMatches(plan, { name, layers, hash }),
		seconds: (performance.now() - started) / 1000
	};
}

async function tuneArm(arm: Arm, model: Model, work: Work): Promise<MeasuredArm> {
	const { request, prepared, kept, reporter } = work;
	const { train, stop, report, choices, every } = prepared;
	const sources = await sourcesOf(arm, model, work);
	const done = await kept.figures(arm);
	if (done !== null) {
		reporter.add(armWork(prepared, done.steps), `tuning ${arm}`, done.steps);
		return { arm, sources, figures: done };
	}
	const folder = arm === 'control' ? model.path : kept.path(arm, 'model');
	if (arm !== 'control' && !(await exists(folder))) {
		await deployModel(
			model,
			folderRequest(request, planOf(arm, sources, work), folder),
			() => undefined
		);
	}
	let seen: TuneLook | null = null;
	let before = 0;
	const figures = await tuneByTorch(
		{
			model: folder,
			teacher: model.path,
			train: train.map(({ ids }) => ids),
			stop: idsOf(stop),
			report: {
				...idsOf(report),
				choices: choices.map(({ ids, choiceStart }) => ({ ids, scored: ids.length - choiceStart }))
			},
			baseline: !request.compare,
			settings: {
				steps: request.steps,
				batch: request.batch,
				learningRate: learningRateOf(request),
				distill: request.distill,
				lora: request.lora,
				seed: request.seed,
				patience: request.patience,
				device: request.device,
				dtype: request.dtype,
				every
			},
			checkpoint: kept.path(arm, 'checkpoint.pt'),
			out: arm === 'planned' ? kept.path(arm, 'tuned.safetensors') : null
		},
		{
			onLook: (look) => {
				seen = look;
			},
			onStep: (step) => {
				const looks = Math.floor(step / every) - Math.floor(before / every);
				const steps = step - before;
				reporter.addTokens(steps * request.batch * prepared.context);
				const added = steps * prepared.work.step + looks * prepared.work.look;
				before = step;
				reporter.add(added, stageOf(arm, seen), step);
			}
		}
	);
	await kept.keepFigures(arm, figures);
	return { arm, sources, figures };
}

/** "tuning planned: loss 3.214, recall 0.523" */
function stageOf(arm: Arm, look: TuneLook | null): string {
	if (look === null) return `tuning ${arm}`;
	const recall = look.recall === null ? '' : `, recall ${formatValue(look.recall)}`;
	return `tuning ${arm}: loss ${formatValue(look.loss)}${recall}`;
}

function armWork({ work, every }: PreparedTune, steps: number): number {
	return steps * work.step + Math.floor(steps / every) * work.look;
}

/** Finds the source of each layer in an arm. The rival's are chosen by measured drops, once, and kept. */
async function sourcesOf(arm: Arm, model: Model, work: Work): Promise<Sources> {
	const { request, kept } = work;
	if (arm === 'planned') return request.plan.sources;
	const own = request.plan.sources.map((_, layer) => layer);
	if (arm === 'control') return own;
	const known = await kept.rival();
	if (known !== null) return known;
	const plans = own.map((dropped) => own.map((layer) => (layer === dropped ? null : layer)));
	const losses = await lossesOf(plans, work, work.prepared.stop.windows);
	const chosen = cheapestDrops(losses, dropsAtEqualSavings(request.plan.sources));
	await kept.keepRival(chosen);
	return chosen;
}

/** Mean loss of each plan on windows. */
async function lossesOf(
	plans: readonly Sources[],
	{ request, prepared, reporter }: Work,
	windows: readonly { ids: readonly number[] }[]
): Promise<number[]> {
	const { TorchRun } = await import('../../engine/torchRun.ts');
	const { device } = request;
	const run = await TorchRun.open(prepared.model, { device, dtype: 'float32' });
	try {
		const found = plans.map((): number[] => []);
		await run.losses(
			plans.map((sources) => ({ sources })),
			windows,
			windows[0].ids.length - 1,
			{
				isMissing: () => true,
				onLosses: (plan, _, values) => {
					found[plan].push(mean(values));
					reporter.add(prepared.work.look / windows.length, 'choosing the rival', 0);
					return Promise.resolve();
				}
			}
		);
		return found.map(mean);
	} finally {
		await run.close();
	}
}

function planOf(arm: Arm, sources: Sources, { request, prepared }: Work): Plan {
	if (arm === 'planned') return request.plan;
	const { name, facts } = prepared.model;
	return makePlan({
		model: modelOfPlan({ ...facts, name, hash: request.plan.model.hash }),
		sources,
		spans: planSpans(sources, null),
		definition: null,
		predicted: null
	});
}

function folderRequest({ planFolder, home, command }: TuneRequest, plan: Plan, out: string) {
	const target = 'transformers' as const;
	return { plan, planFolder, target, dtype: null, out, verify: false, home, command };
}

function idsOf({ windows, probes, scored }: Part) {
	return {
		windows: windows.map(({ ids }) => ids),
		probes: probes.map(({ ids }) => ids),
		scored
	};
}

function settingsOf({
	plan,
	context,
	windows,
	steps,
	batch,
	learningRate,
	distill,
	lora,
	patience,
	seed,
	compare,
	device,
	dtype
}: TuneRequest): TuneSettings {
	return {
		...{ plan, context, windows, steps, batch, learningRate, distill },
		...{ lora, patience, seed, compare, device, dtype }
	};
}

/** All that figures depend on. */
function aboutOf(
	request: TuneRequest,
	{
		hash,
		tokenizerHash,
		texts
	}: { hash: string; tokenizerHash: string; texts: { sha256: string }[] }
): object {
	const { plan, ...settings } = settingsOf(request);
	const { questions } = request;
	const { sources, spans, repair } = plan;
	const files = texts.map(({ sha256 }) => sha256);
	const asked = questions !== null && { questions };
	return { version: 1, hash, tokenizerHash, files, sources, spans, repair, settings, ...asked };
}
