import { Option } from 'commander';
import { planSetting } from '../analysis/measure/results/result.ts';
import { InputError } from '../analysis/errors.ts';
import { parseQuestions } from '../analysis/measure/choices/parse.ts';
import type { Evaluation } from '../analysis/measure/evaluate/types.ts';
import { baselineText, evaluateText } from './evaluateText.ts';
import { findModel, homeOf } from './found.ts';
import { enforceGates, gatesFrom } from './gates.ts';
import { print, printJson, say, type Io } from './io.ts';
import type { KindOptions, Own } from './measurement.ts';
import { writePlan } from './planFile.ts';
import { readQuestions } from './texts.ts';
import { withModel } from '../analysis/model/open.ts';
import { opening, planTorchFlags } from '../analysis/measure/torchFlags.ts';
import { withProgress } from './withProgress.ts';

/** Options and texts of `spanwise evaluate` beyond those of its kind. */
export const evaluateOwn: Own<Evaluation> = {
	options: [
		new Option('--gates <file>', 'gates as JSON'),
		new Option('--write', 'write what was measured into the plan file')
	],
	ownPlan: true,
	planMissing:
		'--plan: missing; evaluate compares a model with and without a plan: spanwise plan RUN --followers 4 --out plan.json makes one. Without a plan, --choices asks the model alone',
	async otherwise(model, options, io) {
		const { plan, choices } = options;
		if (plan !== undefined || choices === undefined) return false;
		await ofBaseline(model, choices, options, io);
		return true;
	},
	/** Gates of a file; those given as flags stand before them. */
	async prepare({ gates: file }, { gates }) {
		return { gates: { ...(await gatesFrom(file as string | undefined)), ...(gates as object) } };
	},
	remarks: ({ warning }) => (warning === null ? [] : [`warning: ${warning}`]),
	text: evaluateText,
	async printed({ figures, settings }, { write, plan: file }, io) {
		const plan = planSetting(settings);
		if (write !== true || plan === null || file === undefined) return;
		const { measuredPlan } = await import('../analysis/measure/evaluate/measuredPlan.ts');
		await writePlan(file, measuredPlan(plan, figures));
		say(io, `wrote what was measured into ${file}`);
	},
	kept: ({ report }, io) => enforceGates(report.gates, io)
};

/** Options of a plan or a text, which questions alone have no use for, and their flags. */
const OF_PLANS = {
	text: '--text',
	gates: '--gates',
	write: '--write',
	maxLossIncrease: '--max-loss-increase',
	minAgreement: '--min-agreement',
	maxAccuracyDrop: '--max-accuracy-drop',
	maxProbeDrop: '--max-probe-drop'
} as const;

/** Asks a model the questions without a plan; nothing is kept. */
async function ofBaseline(
	model: string,
	choices: string,
	options: KindOptions,
	io: Io
): Promise<void> {
	const asked = options.probes;
	const long = Array.isArray(asked) && asked.length > 0 ? { probes: '--probes' } : {};
	for (const [name, flag] of Object.entries({ ...OF_PLANS, ...long })) {
		if (options[name] !== undefined)
			throw new InputError(
				`${flag}: without --plan only the questions are asked; remove it, or give --plan`
			);
	}
	const { measureBaseline } = await import('../analysis/measure/choices/baseline.ts');
	const questions = await readQuestions(choices);
	const request = {
		questions: parseQuestions(questions.text, questions.name),
		tokenizer: options.tokenizer ?? null,
		memoryLimitBytes: options.memory ?? null,
		home: homeOf(options, io),
		torch: planTorchFlags.read([options.engine, options.device, options.dtype]) ?? null
	};
	const folder = await findModel(model, options, io);
	const found = await withProgress(io, {}, (watch) =>
		withModel(folder, (opened) => measureBaseline(opened, request, watch), opening(request))
	);
	if (options.json === true) printJson(io, found);
	else print(io, baselineText(found));
}
