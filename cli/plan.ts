import { InvalidArgumentError, Option, type Command } from 'commander';
import { MAX_SMALL_JSON_BYTES, parseJson, readJsonFile } from '../analysis/edge/json.ts';
import { quoted } from '../analysis/edge/quote.ts';
import { InputError } from '../analysis/errors.ts';
import { DEFAULT_MAX_SPAN, defaultLimits, rankSpans } from '../analysis/plan/limits.ts';
import { planJson } from '../analysis/plan/exporters/json.ts';
import { parseShareAtt } from '../analysis/plan/exporters/shareatt.ts';
import { makePlan, modelOfPlan } from '../analysis/plan/planFile.ts';
import { defaultSetting, savings, SAVINGS_DEFAULTS } from '../analysis/plan/savings.ts';
import { planByFollowers, planByThreshold } from '../analysis/plan/search.ts';
import { planSpans } from '../analysis/plan/spans.ts';
import type { Plan, Sources, SpanLimits } from '../analysis/plan/types.ts';
import { definitionOf } from '../analysis/workspace/run/definition.ts';
import { readSums } from '../analysis/workspace/run/read.ts';
import type { RunRecord } from '../analysis/workspace/run/types.ts';
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
import { readStdin } from './texts.ts';

const HELP = `
Give one of --min-similarity (the most followers, each at or above it to its source), --followers (the plan
of that many followers with the smallest sum of 1 − similarity) and --from shareatt (the plan of a list for the
Shared Attention authors' code: {"followers": […]}, {"nonShared": […]} or, as in their code, the bare list of the layers
that are not shared; LIST is a file, - is stdin). Layers count from 0; a source's followers come right after it. Savings are predicted for ${SAVINGS_DEFAULTS.context} tokens (as many as the model has positions, where it has
fewer), one sequence, ${SAVINGS_DEFAULTS.dtype}; for others see spanwise savings. --out replaces an earlier plan, never
another file.

Examples (llama2-run: made by the example of spanwise analyze):
  spanwise plan llama2-run --followers 4 --out plan.json
  spanwise plan llama2-run --min-similarity 0.7 --max-span 3 --protect none --json
  spanwise export plan.json --to shareatt | spanwise plan llama2-run - --from shareatt`;

interface PlanOptions extends SharedOptions {
	minSimilarity?: number;
	followers?: number;
	from?: 'shareatt';
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
			.argument('[list]', 'with --from: the file to read')
			.option(
				'--min-similarity <value>',
				'least similarity of a follower to its source',
				similarity
			)
			.option('--followers <count>', 'how many layers are to follow', wholeNumber(0))
			.addOption(new Option('--from <form>', 'form of LIST').choices(['shareatt']))
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
		.action(
			async (run: string, list: string | undefined, options: PlanOptions, command: Command) => {
				const { metric, view, out } = options;
				checkRule(list, options, command);
				if (out !== undefined) await checkPlanTarget(out);
				const { folder, record } = await findRun(run, options, io);
				checkMeasured(record, metric, view);
				const sums = await readSums(folder, record, view);
				const matrix = similarityMatrix(sums, metric);
				const limits = limitsOf(options, record);
				const sources =
					list === undefined
						? searchedSources(matrix, record.model.layers, limits, options)
						: parseShareAtt(await readList(list, io), list, record.model.layers);
				const plan = planOf(record, sums, matrix, sources, options);
				if (out !== undefined) {
					await writePlan(out, plan);
					say(io, `wrote ${out}`);
				}
				if (options.json) print(io, planJson(plan));
				else {
					const ranked = rankSpans(matrix, record.model.layers, limits);
					const setting = defaultSetting(record.model);
					print(io, planText(record, plan, matrix, ranked, { metric, view, setting }));
				}
			}
		);
}

function checkRule(list: string | undefined, options: PlanOptions, command: Command): void {
	const rules = { minSimilarity: '--min-similarity', followers: '--followers', from: '--from' };
	const names = Object.entries(rules)
		.filter(([key]) => command.getOptionValueSource(key) === 'cli')
		.map(([, flag]) => flag);
	if (names.length !== 1) {
		throw new InputError(
			`plan: found ${names.length === 0 ? 'none' : names.join(' and ')} of ${Object.values(rules).join(', ')}; expected one of them`
		);
	}
	if (options.from === undefined) {
		if (list !== undefined)
			throw new InputError(`plan: ${quoted(list)}: a second file is read with --from alone`);
		return;
	}
	if (list === undefined) {
		throw new InputError('--from: no list; write the file after the run, or - for stdin');
	}
	for (const [key, flag] of Object.entries({ maxSpan: '--max-span', protect: '--protect' })) {
		if (command.getOptionValueSource(key) !== 'cli') continue;
		throw new InputError(`${flag}: not with --from, where the list says which layers follow`);
	}
}

async function readList(file: string, io: Io): Promise<unknown> {
	if (file !== '-') return readJsonFile(file);
	return parseJson(await readStdin(io, MAX_SMALL_JSON_BYTES), 'stdin');
}

function limitsOf({ maxSpan, protect }: PlanOptions, { model }: RunRecord): SpanLimits {
	const limits = defaultLimits(model.reach);
	return { ...limits, maxSpan, protectedLayers: protect ?? limits.protectedLayers };
}

function searchedSources(
	matrix: Float64Array,
	layers: number,
	limits: SpanLimits,
	{ minSimilarity, followers }: PlanOptions
): Sources {
	return followers === undefined
		? planByThreshold(matrix, layers, minSimilarity ?? NaN, limits)
		: planByFollowers(matrix, layers, followers, limits);
}

function planOf(
	record: RunRecord,
	sums: ViewSums,
	matrix: Float64Array,
	sources: Sources,
	{ metric, view, from }: PlanOptions
): Plan {
	const { model } = record;
	const matched = (source: number, follower: number) => headMatch(sums, source, follower);
	// Their code keeps every head in its place.
	const mapped = metric === 'cosine-matched' && from === undefined;
	return makePlan({
		model: modelOfPlan(model),
		sources,
		spans: planSpans(sources, matrix, mapped ? matched : undefined),
		definition: definitionOf(record, metric, view),
		predicted: savings(model, sources, defaultSetting(model))
	});
}

function similarity(text: string): number {
	const value = text.trim() === '' ? NaN : Number(text);
	if (!Number.isFinite(value)) throw new InvalidArgumentError('expected a number such as 0.8');
	return value;
}
