import type { Command } from 'commander';
import { InputError } from '../analysis/errors.ts';
import { findOnnxFile } from '../analysis/onnx/locate.ts';
import { findOnnx } from '../analysis/onnx/open.ts';
import {
	onnxReport,
	type LayerReport,
	type OnnxReport,
	type ValueReport
} from '../analysis/onnx/report.ts';
import { formatBytes, formatCount } from '../src/lib/format.ts';
import { findModel } from './found.ts';
import { printJson, type Io } from './io.ts';
import { withSharedOptions, type SharedOptions } from './options.ts';
import { formatFacts, formatTable, type Column } from './table.ts';

const HELP = `
MODEL is an .onnx file, or a folder with one, or with a subfolder onnx that has one. Nothing is run. The table says
of each layer where its attention is in the graph, how its probabilities are had, or why they cannot be, and
whether it can reuse another layer's.

Examples:
  spanwise inspect model.onnx
  spanwise inspect gpt2/onnx/model.onnx --json`;

export function registerInspect(program: Command, io: Io): void {
	withSharedOptions(
		program
			.command('inspect')
			.description('say where the attention of an ONNX model is, before any run')
			.argument('<model>', 'ONNX file, or folder with one')
	)
		.addHelpText('after', HELP)
		.action(async (model: string, flags: SharedOptions) => {
			const path = await findModel(model, flags, io);
			const file = await findOnnxFile(path);
			if (file === null) {
				throw new InputError(
					`${path}: no ONNX model in it; expected an .onnx file, or a folder with one`
				);
			}
			const report = onnxReport(await findOnnx(file));
			if (flags.json) printJson(io, report);
			else printReport(report, io);
		});
}

function printReport(report: OnnxReport, io: Io): void {
	const { name, file, architecture, producer, opset, parameters, dtype, bytes, dataFiles } = report;
	const files = dataFiles === 0 ? '' : ` in the file and ${dataFiles} of external data`;
	const facts: [string, string][] = [
		['model', name],
		['file', file],
		['architecture', architecture ?? '– (no config.json)'],
		['made by', `${producer === '' ? '–' : producer}, opset ${opset}`],
		['weights', `${formatCount(parameters)}, ${dtype}, ${formatBytes(bytes)}${files}`],
		['can be analysed', report.problem === null ? 'yes' : `no: ${report.problem}`]
	];
	io.stdout.write(formatFacts(facts));
	io.stdout.write(`\n${formatTable(report.layers, LAYER_COLUMNS)}`);
	io.stdout.write(`\n${formatTable(report.inputs, valueColumns('INPUT'))}`);
	io.stdout.write(`\n${formatTable(report.outputs, valueColumns('OUTPUT'))}`);
}

const LAYER_COLUMNS: Column<LayerReport>[] = [
	{ title: 'LAYER', value: ({ layer }) => layer, align: 'right' },
	{ title: 'FORM', value: ({ form }) => form },
	{ title: 'NODE', value: ({ node }) => node },
	{ title: 'HEADS (KV)', value: ({ heads, kvHeads }) => `${heads ?? '?'} (${kvHeads ?? '?'})` },
	{ title: 'REACH', value: ({ reach }) => reach ?? 'all' },
	{
		title: 'PROBABILITIES',
		value: ({ probabilities: { available, how } }) => (available ? how : `none: ${how}`)
	},
	{
		title: 'SHAREABLE',
		value: ({ shareable: { possible, why } }) => `${possible ? 'yes' : 'no'}: ${why}`
	}
];

function valueColumns(title: string): Column<ValueReport>[] {
	return [
		{ title, value: ({ name }) => name },
		{ title: 'TYPE', value: ({ type }) => type },
		{ title: 'SHAPE', value: ({ shape }) => `[${shape.map((size) => size ?? '?').join(', ')}]` }
	];
}
