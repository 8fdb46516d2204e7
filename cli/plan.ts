import { InvalidArgumentError, type Command } from 'commander';
import { InputError } from '../analysis/errors.ts';
import { DEFAULT_MAX_SPAN, defaultLimits, rankSpans } from '../analysis/plan/limits.ts';
import { planJson } from '../analysis/plan/exporters/json.ts';
import { makePlan } from '../analysis/plan/planFile.ts';
import { DTYPE_BYTES, savings, type SavingsSetting } from '../analysis/plan/savings.ts';
import { planByFollowers, planByThreshold } from '../analysis/plan/search.ts';
import { planSpans } from '../analysis/plan/spans.ts';
import type { Plan, SpanLimits } from '../analysis/plan/types.ts';
import { definitionOf } from '../analysis/run/definition.ts';
import { readSums } from '../analysis/run/read.ts';
import type { RunRecord } from '../analysis/run/types.ts';
import { headMatch, similarityMatrix } from '../analysis/similarity/measure.ts';
import type { Metric, View, ViewSums } from '../analysis/similarity/types.ts';
import { findRun } from './found.ts';
import { print, say, type Io } from './io.ts';
import { checkMeasured } from './measured.ts';
import {
	layerList,
	metricOption,
	viewOption,
	wholeNumber,
	withSharedOptions,
	type SharedOptions
} from './options.ts';
import { checkPlanTarget, writePlan } from './planFile.ts';
import { planText } from './planText.ts';
import { DEFAULT_BATCH, DEFAULT_DTYPE, DEFAULT_SAVINGS_CONTEXT } from './savings.ts';

const HELP = `
Give either --min-similarity (the most followers, each at or above it to its source) or --followers (the plan
of that many followers with the smallest sum of 1 − similarity). Layers count from 0; a source's followers
come right after it. Savings are predicted for ${DEFAULT_SAVINGS_CONTEXT} tokens (as many as the model has positions, where it has
fewer), one sequence, ${DEFAULT_DTYPE}; for others see spanwise savings. --out replaces an earlier plan, never
another file.

Examples (llama2-run: made by the example of spanwise analyze):
  spanwise plan llama2-run --followers 4 --out plan.json
  spanwise plan llama2-run --min-similarity 0.7 --max-span 3 --protect none --json`;

interface PlanOptions extends SharedOptions {
	minSimilarity?: number;
	followers?: number;
	metric: Metric;
	view: View;
	maxSpan: number;
	protect?: number[];
	out?: string;
}

export function registerPlan(program: Command, io: Io): void {
	withSharedOptions(
		program
			.command('plan')
			.description('propose layer spans that could share attention weights')
			.argument('<run>', "a run's folder or id")
			.option(
				'--min-similarity <value>',
				'least similarity of a follower to its source',
				similarity
			)
			.option('--followers <count>', 'how many layers are to follow', wholeNumber(0))
			.addOption(metricOption())
			.addOption(viewOption())
			.option(
				'--max-span <layers>',
				'most layers in a span, source included',
				wholeNumber(1),
				DEFAULT_MAX_SPAN
			)
			.option(
				'--protect <layers>',
				'layers that neither follow nor are followed, e.g. 0,15; or none (default: first and last)',
				layerList
			)
			.option('--out <file>', 'write the plan to this file'),
		'print the plan as JSON'
	)
		.addHelpText('after', HELP)
		.action(async (run: string, options: PlanOptions) => {
			const { metric, view, out } = options;
			checkRule(options);
			if (out !== undefined) await checkPlanTarget(out);
			const { folder, record } = await findRun(run, options, io);
			checkMeasured(record, metric, view);
			const sums = await readSums(folder, record, view);
			const matrix = similarityMatrix(sums, metric);
			const limits = limitsOf(options, record);
			const plan = planOf(record, sums, matrix, limits, options);
			if (out !== undefined) {
				await writePlan(out, plan);
				say(io, `wrote ${out}`);
			}
			if (options.json) print(io, planJson(plan));
			else {
				const ranked = rankSpans(matrix, record.model.layers, limits);
				const setting = settingFor(record);
				print(io, planText(record, plan, matrix, ranked, { metric, view, setting }));
			}
		});
}

function checkRule({ minSimilarity, followers }: PlanOptions): void {
	if ((minSimilarity === undefined) === (followers === undefined)) {
		const found = followers === undefined ? 'neither' : 'both';
		throw new InputError(
			`plan: found ${found} of --min-similarity and --followers; expected one of them`
		);
	}
}

function limitsOf({ maxSpan, protect }: PlanOptions, { model }: RunRecord): SpanLimits {
	const limits = defaultLimits(model.reach);
	return { ...limits, maxSpan, protectedLayers: protect ?? limits.protectedLayers };
}

function planOf(
	record: RunRecord,
	sums: ViewSums,
	matrix: Float64Array,
	limits: SpanLimits,
	{ minSimilarity, followers, metric, view }: PlanOptions
): Plan {
	const { model } = record;
	const { name, architecture, layers, heads, kvHeads, hash } = model;
	const sources =
		followers === undefined
			? planByThreshold(matrix, layers, minSimilarity ?? NaN, limits)
			: planByFollowers(matrix, layers, followers, limits);
	const matched = (source: number, follower: number) => headMatch(sums, source, follower);
	return makePlan({
		model: { name, architecture, layers, heads, kvHeads, hash },
		sources,
		spans: planSpans(sources, matrix, metric === 'cosine-matched' ? matched : undefined),
		definition: definitionOf(record, metric, view),
		predicted: savings(model, sources, settingFor(record))
	});
}

function settingFor({ model }: RunRecord): SavingsSetting {
	return {
		context: Math.min(DEFAULT_SAVINGS_CONTEXT, model.maxPositions),
		batch: DEFAULT_BATCH,
		elementBytes: DTYPE_BYTES[DEFAULT_DTYPE]
	};
}

function similarity(text: string): number {
	const value = text.trim() === '' ? NaN : Number(text);
	if (!Number.isFinite(value)) throw new InvalidArgumentError('expected a number such as 0.8');
	return value;
}
