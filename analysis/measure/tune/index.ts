import { join, resolve } from 'node:path';
import type { Measurement, Request } from '../kind.ts';
import { withKnown, withRequested } from '../requested.ts';
import { TUNE_DEFAULTS } from './defaults.ts';
import { tuneFlags, tuneSettings, type TuneSettings } from './settings.ts';
import { tuneBrief, tuneChanges, tuneForm, tuneSummary } from './stored.ts';
import type { Tune, TuneRequest } from './types.ts';

/** Measurement of how much of a plan's loss increase tuning recovers. */
export const tune = {
	kind: 'tune',
	name: 'tuning',
	noun: 'a tuning',
	key: 'tune',
	takes: ['texts', 'plan', 'questions'],
	samples: TUNE_DEFAULTS.samples,
	settings: tuneSettings,
	flags: tuneFlags,
	resumes: true,
	help: {
		about: 'train a planned model until it is near the untouched one',
		more: `
Needs a Python with torch and transformers (--python). Every text is split: 70% is trained on, 15% is looked at every
tenth of the steps and decides when to stop and which weights are kept, 15% is measured once before and once after. The
objective is the KL divergence from the untouched model, or cross-entropy, or a mixture (--distill). The learning rate
rises for a twentieth of the steps and falls as a cosine; weights are float32 and rounded to their stored types in the end.

Tuned alike beside it: the control, which is the untouched model, and the rival, which drops the layers whose single drop
costs least, at equal or greater savings of the KV cache. Differences are paired by window, by recall probe and by question
(--choices; the summed log-likelihood picks the answer), with 95% intervals, and McNemar's exact test for questions.

A tuning that is stopped with Ctrl-C goes on from its last look by the same command. The tuned folder is one that
transformers loads (see spanwise apply --to transformers), and Spanwise reads it like any checkpoint.

JSON: {arms: [{arm, before, after, steps, best, looks}], comparisons: [{key, words, text, recall, accuracy}], …}.

Example (plan.json: made by the example of spanwise plan):
  spanwise tune mini-llama2 --plan plan.json --text static/samples/walden.txt --steps 100 --out tuned`
	},
	extent: ({ context, windows }) => ({ context, windows }),
	extentWords: ({ context, windows }, texts) =>
		`${windows} × ${context} held-out tokens of ${texts.join(', ')}`,
	async estimate(request) {
		const { estimateTune } = await import('./estimate.ts');
		const inputs = await inputsOf(request);
		return withKnown(request, (model) => estimateTune(model, inputs));
	},
	async run(request, { id, out, command, onProgress, onPrepared }) {
		// Only here: onnxruntime takes long to load.
		const { tunePlan } = await import('./tune.ts');
		const { estimateOfTune } = await import('./prepare.ts');
		const { newRunId } = await import('../../workspace/workspace.ts');
		const inputs = await inputsOf(request);
		const figures = await withRequested(request, (model) => {
			const folder = out ?? join(request.home, 'tuned', id ?? newRunId(model.name, new Date()));
			const asked: TuneRequest = { ...inputs, out: resolve(folder), command };
			return tunePlan(model, asked, {
				onProgress,
				async onPrepared(prepared, kept) {
					if (onPrepared === undefined) return;
					const estimate = await estimateOfTune(prepared, request.home);
					const { steps, batch, context } = request.settings;
					await onPrepared({
						name: model.name,
						estimate,
						extent: `${prepared.arms.length} × ${steps} steps of ${batch} × ${context} tokens`,
						notes: [`checkpoints are kept in ${kept}`],
						writes: folder
					});
				}
			});
		});
		return { figures };
	},
	figures: tuneForm,
	about: ({ model, texts, context, report }) => ({
		model,
		texts,
		context,
		windows: report.windows
	}),
	summary: tuneSummary,
	brief: { key: 'tune', of: tuneBrief },
	changes: tuneChanges
} as const satisfies Measurement<TuneSettings, Tune>;

async function inputsOf({
	documents,
	questions,
	planFolder,
	memoryLimitBytes,
	home,
	settings
}: Request<TuneSettings>): Promise<Omit<TuneRequest, 'out' | 'command'>> {
	const { questionsOf } = await import('../choices/parse.ts');
	return {
		...{ documents, memoryLimitBytes, home, planFolder: planFolder ?? '.', ...settings },
		questions: questionsOf(questions)
	};
}
