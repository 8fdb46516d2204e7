import { dirname } from 'node:path';
import type { Command } from 'commander';
import { withModel, type Model } from '../analysis/model/open.ts';
import { reportPlan, type PlanReport } from '../analysis/apply/targets.ts';
import { InputError } from '../analysis/errors.ts';
import { describeModel, type CheckpointReport } from '../analysis/model/catalogue/report.ts';
import type { LayerReport, OnnxReport, ValueReport } from '../analysis/model/onnx/report.ts';
import type { Plan } from '../analysis/plan/types.ts';
import { formatBytes, formatCount } from '../analysis/text/number.ts';
import { attendingWords, plannedLayerWords } from '../analysis/text/plan.ts';
import { findModel, homeOf } from './found.ts';
import { print, printJson, say, type Io } from './io.ts';
import { withSharedOptions, type SharedOptions } from './options.ts';
import { readPlan } from './planFile.ts';
import { formatFacts, formatTable, type Column } from './table.ts';

const HELP = `
MODEL is an .onnx file, a folder with one or with a subfolder onnx that has one, a checkpoint folder, or a name that
spanwise models lists. Nothing is run. The table says of each layer where its attention is, where its probabilities
come from, or why they are not available, and whether it can reuse another layer's. With --plan it also says of each layer what it
would do, or why it cannot, and in which forms spanwise apply writes the model with the plan. Where it does so in none
the exit code is 2.

Examples:
  spanwise inspect model.onnx
  spanwise inspect gpt2/onnx/model.onnx --json
  spanwise inspect model.onnx --plan plan.json`;

interface InspectFlags extends SharedOptions {
	plan?: string;
}

/** A layer beside what a plan has it do; null: no plan, or one of another number of layers. */
type LayerRow = LayerReport & { planned: PlanReport['layers'][number] | null };

export function registerInspect(program: Command, io: Io): void {
	withSharedOptions(
		program
			.command('inspect')
			.description(
				"locate each layer's attention and check that a plan applies, without running the model"
			)
			.argument('<model>', 'ONNX file, folder or name of a model')
			.option('--plan <file>', 'a plan.json to check, layer by layer')
	)
		.addHelpText('after', HELP)
		.action(async (model: string, flags: InspectFlags) => {
			const plan = flags.plan === undefined ? null : await readPlan(flags.plan);
			await withModel(
				await findModel(model, flags, io),
				(opened) => inspect(opened, plan, flags, io),
				{ forOther: true }
			);
		});
}

async function inspect(
	model: Model,
	plan: Plan | null,
	flags: InspectFlags,
	io: Io
): Promise<void> {
	const report = describeModel(model);
	const folders = { home: homeOf(flags, io), planFolder: dirname(flags.plan ?? '.') };
	const check = plan === null ? null : await reportPlan(model, plan, folders);
	if (flags.json) printJson(io, check === null ? report : { ...report, plan: check });
	else {
		if ('facts' in report) printCheckpoint(report, check, io);
		else printOnnx(report, check, io);
		if (check !== null) printVerdict(check, io);
	}
	const file = flags.plan ?? 'plan';
	if (check !== null && check.problem !== null) {
		throw new InputError(`${file}: cannot be applied: ${check.problem}`);
	}
	if (check !== null && check.unwritten !== null) {
		throw new InputError(`${file}: can be evaluated, but not applied: ${check.unwritten}`);
	}
}

function printCheckpoint(report: CheckpointReport, check: PlanReport | null, io: Io): void {
	const { name, folder, facts, notes } = report;
	for (const note of notes) say(io, `note: ${note}`);
	const { architecture, parameters, dtype, bytes, onlyTorch } = facts;
	const engine: [string, string][] =
		onlyTorch === undefined ? [] : [['runs on', `PyTorch only (--engine torch): ${onlyTorch}`]];
	print(
		io,
		formatFacts([
			['model', name],
			['folder', folder],
			['architecture', architecture],
			['weights', `${formatCount(parameters)}, ${dtype}, ${formatBytes(bytes)}`],
			...engine
		])
	);
	printLayers(report.layers, check, io);
}

function printOnnx(report: OnnxReport, check: PlanReport | null, io: Io): void {
	const { name, file, architecture, producer, opset, parameters, dtype, bytes, dataFiles } = report;
	const files = dataFiles === 0 ? '' : ` in the file and ${dataFiles} of external data`;
	const planned: [string, string][] =
		report.planned === null ? [] : [['plan', attendingWords(report.planned)]];
	const facts: [string, string][] = [
		['model', name],
		['file', file],
		['architecture', architecture ?? '– (no config.json)'],
		['made by', `${producer === '' ? '–' : producer}, opset ${opset}`],
		['weights', `${formatCount(parameters)}, ${dtype}, ${formatBytes(bytes)}${files}`],
		...planned,
		...report.notes.map((note): [string, string] => ['note', note]),
		['can be analysed', report.problem === null ? 'yes' : `no: ${report.problem}`]
	];
	print(io, formatFacts(facts));
	printLayers(report.layers, check, io);
	print(io, `\n${formatTable(report.inputs, valueColumns('INPUT'))}`);
	print(io, `\n${formatTable(report.outputs, valueColumns('OUTPUT'))}`);
}

function printLayers(layers: readonly LayerReport[], check: PlanReport | null, io: Io): void {
	const matching = check?.layers.length === layers.length ? check.layers : null;
	const rows = layers.map((layer, at) => ({ ...layer, planned: matching?.[at] ?? null }));
	const columns = matching === null ? LAYER_COLUMNS : [...LAYER_COLUMNS, PLANNED];
	print(io, `\n${formatTable(rows, columns)}`);
}

function printVerdict({ problem, warning, targets, unwritten }: PlanReport, io: Io): void {
	if (warning !== null) say(io, `warning: ${warning}`);
	if (problem !== null || unwritten !== null) return;
	print(io, '\nThe plan can be applied.\n');
	for (const { target, problem } of targets) print(io, `--to ${target}  ${problem ?? 'yes'}\n`);
}

const LAYER_COLUMNS: Column<LayerRow>[] = [
	{ title: 'LAYER', value: ({ layer }) => layer, align: 'right' },
	{ title: 'FORM', value: ({ form }) => form },
	{ title: 'NODE', value: ({ node }) => node },
	{ title: 'HEADS (KV)', value: ({ heads, kvHeads }) => `${heads ?? '?'} (${kvHeads ?? '?'})` },
	{ title: 'SLIDING WINDOW', value: ({ reach }) => reach ?? 'none' },
	{
		title: 'PROBABILITIES',
		value: ({ probabilities: { available, how } }) => (available ? how : `none: ${how}`)
	},
	{
		title: 'SHAREABLE',
		value: ({ shareable: { possible, why } }) => `${possible ? 'yes' : 'no'}: ${why}`
	}
];

const PLANNED: Column<LayerRow> = {
	title: 'PLAN',
	value: ({ planned }) => (planned === null ? '' : plannedLayerWords(planned))
};

function valueColumns(title: string): Column<ValueReport>[] {
	return [
		{ title, value: ({ name }) => name },
		{ title: 'TYPE', value: ({ type }) => type },
		{ title: 'SHAPE', value: ({ shape }) => `[${shape.map((size) => size ?? '?').join(', ')}]` }
	];
}
