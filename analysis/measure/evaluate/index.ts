import type { Model } from '../../model/open.ts';
import type { Measurement, Request, Running } from '../kind.ts';
import { withKnown, withRequested } from '../requested.ts';
import { windowWords } from '../settings.ts';
import { opening } from '../torchFlags.ts';
import { EVALUATE_DEFAULTS } from './defaults.ts';
import type { EvaluateOptions } from './evaluate.ts';
import { evaluateFlags, evaluateSettings, type EvaluateSettings } from './settings.ts';
import { evaluationBrief, evaluationChanges, evaluationForm, evaluationSummary } from './stored.ts';
import type { EvaluateRequest, Evaluation } from './types.ts';

/** Evaluation: loss increase and cost of a plan on text that it was not made from. */
export const evaluate = {
	kind: 'evaluate',
	name: 'evaluation',
	noun: 'an evaluation',
	key: 'evaluation',
	takes: ['texts', 'plan', 'questions', 'tokenizer'],
	samples: EVALUATE_DEFAULTS.samples,
	settings: evaluateSettings,
	flags: evaluateFlags,
	help: {
		about: 'compare a model with and without a plan on the same text',
		more: `
MODEL is as for spanwise analyze. An ONNX model is run whole, baseline and planned: the plan is written into a copy of its
graph in memory, and nothing to disk. Its prefill time is that of the whole model, a checkpoint's that of its layers.

The same windows go through the baseline and the planned model. Differences are paired by window; intervals
are 95%, by bootstrap over documents, then windows, or over blocks of windows where there is one document.
Recall is the loss on the second copy of a passage of the text that comes again, on probes of 512 tokens.
JSON: {baseline, shared, delta, kl, agreement, recall, windows, worst, cost, gates}, choices where
questions are asked, and probes.

--choices: samples that lm_eval --log_samples wrote of a multiple-choice task, or one question per line, {"prompt", "choices": […], "answer": index}, and "group" (a book, say) by which
questions are drawn. Where neither the prompt ends nor the choice begins with white space, a space is put between them.
The choice is picked by summed log-likelihood (acc), by that per character of the choice without the space before it
(acc_norm, as in lm-evaluation-harness) and with it (acc_norm_space), and per byte without it (acc_bytes).

--probes: long in-context probes of 64 to 8192 tokens, made from a fixed seed with the model's own tokenizer. key-value: a list
of words, each with a value; which value stood behind a word? labels: many lines of two words, of which one decides
the label; which label has a new line? Each is asked 128 times, in 8 sequences. The right answer is compared with three other values
or labels of the same sequence: accuracy (25% by guessing), and nats, −ln of its probability among the four. A length
beyond the model's positions becomes those. Time and memory grow with the length; the estimate counts it.

With --choices and without --plan the model alone is asked: its own accuracies with their intervals, and nothing of any text; JSON:
{questions, baseline, over, model}.

A model that apply or tune wrote for transformers has its plan in its config.json: leave --plan out, and baseline
and planned both have it.

A plan that names refitted weights ("repair") is evaluated with them: their file must lie beside the plan.

Gates are judged on the whole interval: pass, fail (exit 3) or inconclusive (exit 4). --gates names a JSON
file, {"maxLossIncrease": 0.05, "minAgreement": 0.9, "maxAccuracyDrop": 0.02, "maxProbeDrop": 0.05}; flags stand before it. The report is printed in any case.

Examples (plan.json: made by the example of spanwise plan):
  spanwise evaluate mini-llama2 --plan plan.json --text static/samples/walden.txt --max-loss-increase 0.3
  spanwise evaluate gpt2/onnx/model.onnx --plan gpt2-plan.json --text static/samples/walden.txt
  spanwise evaluate mini-llama2 --choices static/choices/continuations.jsonl`
	},
	extent: ({ context, windows }) => ({ context, windows }),
	extentWords: windowWords,
	async estimate(request) {
		const { estimateEvaluation } = await import('./estimate.ts');
		const asked = await evaluateRequest(request);
		return withKnown(
			request,
			(model) => estimateEvaluation(model, { ...asked, repairs: null }),
			opening(request.settings)
		);
	},
	async run(request, running) {
		// Only here: onnxruntime takes long to load.
		const { evaluatePlan } = await import('./evaluate.ts');
		const figures = await withEvaluation(request, running, (model, asked, options) =>
			evaluatePlan(model, asked, options, request.parts)
		);
		return { figures };
	},
	async measureShard(request, running, shard) {
		const { evaluateShard } = await import('./evaluate.ts');
		return withEvaluation(request, running, (model, asked, options) =>
			evaluateShard(model, asked, options, shard)
		);
	},
	figures: evaluationForm,
	about: ({ model, texts, context, report }) => ({
		model,
		texts,
		context,
		windows: report.windows.length
	}),
	summary: evaluationSummary,
	brief: { key: 'evaluation', of: evaluationBrief },
	changes: evaluationChanges
} as const satisfies Measurement<EvaluateSettings, Evaluation>;

/** Opens the model, with the refitted weights that the plan names. */
async function withEvaluation<Result>(
	request: Request<EvaluateSettings>,
	{ onProgress, onPrepared }: Running,
	use: (model: Model, asked: EvaluateRequest, options: EvaluateOptions) => Promise<Result>
): Promise<Result> {
	const { settings, planFolder, home } = request;
	const asked = await evaluateRequest(request);
	const { repairsOf } = await import('../../engine/repair/ofPlan.ts');
	const { estimateOfEvaluation } = await import('./prepare.ts');
	const opened = async (model: Model) => {
		const repairs = planFolder === null ? null : await repairsOf(model, settings.plan, planFolder);
		return use(
			model,
			{ ...asked, repairs },
			{
				onProgress,
				async onPrepared(prepared) {
					if (onPrepared === undefined) return;
					const estimate = await estimateOfEvaluation(prepared, home);
					await onPrepared({ name: model.name, estimate });
				}
			}
		);
	};
	return withRequested(request, opened, opening(settings));
}

async function evaluateRequest({
	modelFolder,
	documents,
	memoryLimitBytes,
	home,
	questions,
	tokenizer,
	settings
}: Request<EvaluateSettings>): Promise<Omit<EvaluateRequest, 'repairs'>> {
	const { questionsOf } = await import('../choices/parse.ts');
	return {
		...{ modelFolder, documents, memoryLimitBytes, home },
		...(tokenizer !== null && { tokenizer }),
		...settings,
		questions: questionsOf(questions)
	};
}
