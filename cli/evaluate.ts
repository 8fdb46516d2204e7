import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { EVALUATE_DEFAULTS } from '../analysis/measure/evaluate/defaults.ts';
import type { EvaluateRequest, Evaluation, Gates } from '../analysis/measure/evaluate/types.ts';
import { InputError } from '../analysis/errors.ts';
import { evaluateCommand } from '../analysis/measure/results/command.ts';
import { TelemetryRecorder } from '../analysis/telemetry/recorder.ts';
import { sayEstimate } from './estimateText.ts';
import { evaluateText } from './evaluateText.ts';
import { withModel, type Model } from '../analysis/model/open.ts';
import { findModel, homeOf } from './found.ts';
import { enforceGates, gatesOf, lossIncrease, share } from './gates.ts';
import { print, printJson, say, type Io } from './io.ts';
import { recallOption, wholeNumber, withSharedOptions, type SharedOptions } from './options.ts';
import { repairsOf } from '../analysis/engine/repair/ofPlan.ts';
import { readPlan, writePlan } from './planFile.ts';
import { progressDisplay } from './progress.ts';
import { storeResult } from './store.ts';
import { sampleFiles, samplesHelp } from './samples.ts';
import { readQuestions, readTexts } from './texts.ts';

const HELP = `
MODEL is as for spanwise analyze. An ONNX model is run whole, as it is and with the plan written into a copy of its
graph in memory; nothing is written. Its prefill time is that of the whole model, a checkpoint's that of its layers.

The same windows go through the model as it is and as planned. Differences are paired by window; intervals
are 95%, by bootstrap over documents, then windows, or over blocks of windows where there is one document.
Recall is the loss on the second copy of a passage of the text that comes again, on probes of 512 tokens.
JSON: {baseline, shared, delta, kl, agreement, recall, windows, worst, cost, gates}, and choices where
questions are asked.

--choices: one question per line, {"prompt", "choices": […], "answer": index}, and "group" (a book, say) by which
questions are drawn. Where neither the prompt ends nor the choice begins with white space, a space is put between them.
The choice is picked by summed log-likelihood (acc), by that per character of the choice without the space before it
(acc_norm, as in lm-evaluation-harness) and with it (acc_norm_space), and per byte without it (acc_bytes).

A plan that names refitted weights ("repair") is evaluated with them: their file must lie beside the plan.

Gates are judged on the whole interval: pass, fail (exit 3) or inconclusive (exit 4). --gates names a JSON
file, {"maxLossIncrease": 0.05, "minAgreement": 0.9, "maxAccuracyDrop": 0.02}; flags stand before it. The report is printed in any case.

Examples (plan.json: made by the example of spanwise plan):
  spanwise evaluate mini-llama2 --plan plan.json --text static/samples/walden.txt --max-loss-increase 0.3
  spanwise evaluate gpt2/onnx/model.onnx --plan gpt2-plan.json --text static/samples/walden.txt`;

interface EvaluateFlags extends SharedOptions, Omit<Gates, 'gates'> {
	plan?: string;
	text?: string[];
	context: number;
	windows: number;
	choices?: string;
	gates?: string;
	recall: 'on' | 'off';
	write?: boolean;
	tokenizer?: string;
}

export function registerEvaluate(program: Command, io: Io): void {
	withSharedOptions(
		program
			.command('evaluate')
			.description('run a model as it is and as planned, and say what sharing costs')
			.argument('<model>', 'folder or name of a model')
			.option('--plan <file>', 'a plan.json; required')
			.option('--text <file...>', samplesHelp(EVALUATE_DEFAULTS.samples))
			.option('--context <tokens>', 'tokens in a window', wholeNumber(1), EVALUATE_DEFAULTS.context)
			.option('--windows <count>', 'windows of text', wholeNumber(1), EVALUATE_DEFAULTS.windows)
			.option('--choices <file>', 'questions of multiple choice, JSONL')
			.option('--max-loss-increase <nats>', 'gate: most loss a token may gain', lossIncrease)
			.option('--min-agreement <share>', 'gate: least agreement, 0 to 1', share)
			.option('--max-accuracy-drop <share>', 'gate: most accuracy that may be lost', share)
			.option('--gates <file>', 'gates as JSON')
			.addOption(recallOption())
			.option('--write', 'write what was measured into the plan file'),
		'print the report as JSON'
	)
		.option(
			'--tokenizer <path>',
			"tokenizer.json or its folder (default: the model's, beside it or one folder up)"
		)
		.addHelpText('after', HELP)
		.action(async (model: string, flags: EvaluateFlags) => {
			const planFile = planFileOf(flags);
			const gates = await gatesOf(flags);
			const questions = flags.choices === undefined ? null : await readQuestions(flags.choices);
			const plan = await readPlan(planFile);
			const modelFolder = await findModel(model, flags, io);
			const request: EvaluateRequest = {
				modelFolder,
				plan,
				...(flags.tokenizer !== undefined && { tokenizer: flags.tokenizer }),
				repairs: null,
				documents: await readTexts(flags.text ?? sampleFiles(EVALUATE_DEFAULTS.samples), io),
				context: flags.context,
				windows: flags.windows,
				questions,
				gates,
				recall: flags.recall === 'on',
				memoryLimitBytes: flags.memory ?? null,
				home: homeOf(flags, io)
			};
			const recorder = new TelemetryRecorder();
			const evaluation = await withModel(modelFolder, async (opened) => {
				const repairs = await repairsOf(opened, plan, dirname(resolve(planFile)));
				return withProgress(opened, { ...request, repairs }, recorder, io);
			});
			if (evaluation.warning !== null) say(io, `warning: ${evaluation.warning}`);
			if (flags.json) printJson(io, evaluation.report);
			else print(io, evaluateText(evaluation));
			if (flags.write) {
				const { measuredPlan } = await import('../analysis/measure/evaluate/evaluate.ts');
				await writePlan(planFile, measuredPlan(plan, evaluation));
				say(io, `wrote what was measured into ${planFile}`);
			}
			const { text: texts = [], context, windows, models: modelFolders } = flags;
			const command = evaluateCommand(
				{ model, texts, context, windows, modelFolders },
				{
					plan: planFile,
					questions: flags.choices ?? null,
					gates,
					recall: request.recall,
					tokenizer: flags.tokenizer
				}
			);
			const origin = { home: request.home, command, recorder };
			await storeResult({ kind: 'evaluate', plan, evaluation }, origin, io);
			enforceGates(evaluation.report.gates, io);
		});
}

/** The plan that is evaluated. Throws InputError that says how to make one where none is given. */
function planFileOf({ plan }: EvaluateFlags): string {
	if (plan !== undefined) return plan;
	throw new InputError(
		'--plan: missing; evaluate compares a model with and without a plan: spanwise plan RUN --followers 4 --out plan.json makes one'
	);
}

async function withProgress(
	model: Model,
	request: EvaluateRequest,
	recorder: TelemetryRecorder,
	io: Io
): Promise<Evaluation> {
	// Only here: onnxruntime takes longer to load than the other subcommands take to run.
	const { evaluatePlan } = await import('../analysis/measure/evaluate/evaluate.ts');
	const { estimateOfEvaluation } = await import('../analysis/measure/evaluate/prepare.ts');
	const display = progressDisplay(io.stderr);
	try {
		return await evaluatePlan(model, request, {
			onPrepared: async (prepared) => {
				const estimate = await estimateOfEvaluation(prepared, request.home);
				sayEstimate(model.name, estimate, io);
			},
			onProgress: recorder.watching(display.update)
		});
	} finally {
		display.end();
	}
}
