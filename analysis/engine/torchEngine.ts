import { requireOwnAttention } from '../model/checkpoint/shared.ts';
import { requireCheckpoint, type CheckpointModel, type Model } from '../model/open.ts';
import { mean } from '../statistics/figures.ts';
import type { Reporter } from '../telemetry/reporter.ts';
import type { Engine } from './engine.ts';
import { attentionLayout, windowEntries } from './layout.ts';
import type { MemoryPlan } from './memory.ts';
import type { CapturedRecall } from './recallPass.ts';
import type { RecallPlan } from './recallPlan.ts';
import type { TorchRun } from './torchRun.ts';
import type { TorchSettings } from './torchSettings.ts';
import { forwardWork, plansWork, windowWork } from './work.ts';
import { MODEL_VARIANTS, VARIANT_COUNT } from '../graph/modelVariants.ts';

/** PyTorch and transformers, before any weight. */
const BASE_BYTES = 500e6;
const FLOAT = 4;
/** Windows handed to the worker together, which runs as many at once as its device has memory for. */
const WINDOWS_AT_ONCE = 16;
/** Logits of a window, and what losses make of them. */
const LOGITS_AT_ONCE = 3;

/** Runs a checkpoint by PyTorch in a Python worker. Throws InputError for models that it does not take. */
export function torchEngine(model: Model, settings: TorchSettings): Engine {
	requireCheckpoint(model);
	const { checkpoint, facts, notes } = model;
	const { config } = checkpoint;
	requireOwnAttention(checkpoint, 'the PyTorch engine');
	const memoryOf = (context: number, held: number, limitBytes: number): MemoryPlan => {
		const weights = (settings.dtype === 'float32' ? FLOAT : FLOAT / 2) * facts.parameters;
		const logits = FLOAT * LOGITS_AT_ONCE * context * facts.vocab;
		const bytes = BASE_BYTES + weights + held + logits;
		return { resident: true, windowsPerGroup: 1, bytes, limitBytes };
	};
	const path = { path: 'resident', ...settings } as const;
	/** Open for plans: what else is asked meanwhile needs no second process. */
	let plans: TorchRun | null = null;
	return {
		fixedContext: null,
		capture: (context, statistics, limitBytes) => {
			const layout = attentionLayout(config, context);
			const work = windowWork(config, layout, statistics);
			const copies = 1 + (statistics.windowCount > 1 ? statistics.views.length : 0);
			const held = copies * FLOAT * windowEntries(layout, facts.layers);
			return {
				layout,
				memory: memoryOf(context, held, limitBytes),
				work,
				path,
				notes,
				capture: (windows, home, reporter, stopwatch) => {
					stopwatch.enter('windows');
					const each = facts.layers * work.layer + work.head + work.statistics;
					const done = windowsDone(reporter, 'windows', context, each);
					if (plans !== null) return plans.capture(windows, statistics, done);
					return withRun(model, settings, { home, reporter }, (run) =>
						run.capture(windows, statistics, done)
					);
				}
			};
		},
		compare: (planned, { context, longest, limitBytes }) => {
			const { layer, head } = forwardWork(config, attentionLayout(config, context));
			return {
				memory: memoryOf(longest, 0, limitBytes),
				work: { oneVariant: config.layers * layer, comparison: VARIANT_COUNT * head },
				path,
				timed: 'model',
				notes,
				open: async (home) => {
					const run = await opened(model, settings, home);
					return {
						async *windows(sequences, onPart) {
							let window = 0;
							for await (const compared of run.compare(planned, sequences)) {
								for (const variant of MODEL_VARIANTS) onPart?.(variant, window, 1, null);
								window++;
								yield [compared];
							}
						},
						async *ask(sequences) {
							for await (const answered of run.ask(planned, sequences)) yield [answered];
						},
						close: () => run.close()
					};
				}
			};
		},
		plans: (size) => {
			const longest = Math.max(...size.samples.map(({ context }) => context));
			return {
				memory: { ...memoryOf(longest, 0, size.limitBytes), windowsPerGroup: WINDOWS_AT_ONCE },
				work: plansWork(config, size),
				path,
				notes,
				open: async () => {
					// Only here: an estimate starts no process.
					const { TorchRun } = await import('./torchRun.ts');
					plans = await TorchRun.open(model, settings, () => (plans = null));
					return plans;
				}
			};
		},
		tokenMaps: async ({ ids, layers }) => {
			const { TorchRun } = await import('./torchRun.ts');
			const run = await TorchRun.open(model, settings);
			return run.tokenMaps(layers, { ids }).finally(() => run.close());
		}
	};
}

/** In-context recall by the same engine; see `captureRecall`. */
export function torchRecall(
	model: CheckpointModel,
	settings: TorchSettings,
	{ probes, work }: RecallPlan,
	home: string,
	reporter: Reporter
): Promise<CapturedRecall> {
	return withRun(model, settings, { home, reporter }, async (run) => {
		const { probes: windows, context, passage, scored } = probes;
		const each = model.facts.layers * work.layer + work.head;
		const first = context - 4 * passage;
		const done = windowsDone(reporter, 'recall', context, each);
		const scores = await run.induction(windows, first, passage, done);
		const own = Array.from({ length: model.facts.layers }, (_, layer) => layer);
		const losses: number[] = [];
		await run.losses([{ sources: own }], windows, scored, {
			isMissing: () => true,
			onLosses: (_, window, values) => {
				losses[window] = mean(values);
				return Promise.resolve();
			}
		});
		return { loss: mean(losses), induction: scores };
	});
}

/** Opens a run for one use and closes it. */
async function withRun<Result>(
	model: CheckpointModel,
	settings: TorchSettings,
	{ home, reporter }: { home: string; reporter: Reporter },
	use: (run: TorchRun) => Promise<Result>
): Promise<Result> {
	const run = await reporter.waitFor('loading', opened(model, settings, home));
	try {
		return await use(run);
	} finally {
		await run.close();
	}
}

async function opened(
	model: CheckpointModel,
	settings: TorchSettings,
	home: string
): Promise<TorchRun> {
	await model.hashInBackground(home);
	// Only here: an estimate starts no process.
	const { TorchRun } = await import('./torchRun.ts');
	return TorchRun.open(model, settings);
}

/** Reports windows as they are done, each with its tokens and its work. */
function windowsDone(
	reporter: Reporter,
	stage: string,
	context: number,
	work: number
): (done: number) => void {
	let before = 0;
	return (done) => {
		for (; before < done; before++) {
			reporter.addTokens(context);
			reporter.add(work, stage, before + 1);
		}
	};
}
