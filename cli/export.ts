import { Option, type Command } from 'commander';
import { InputError } from '../analysis/errors.ts';
import {
	EXPORTERS,
	exportPlan,
	fidelityOf,
	type Exporter
} from '../analysis/plan/exporters/exporters.ts';
import { print, say, type Io } from './io.ts';
import { withSharedOptions, type SharedOptions } from './options.ts';
import { readPlan } from './planFile.ts';

const HELP = `
json: the plan itself, checked. csv: its spans, one per line. shareatt: the lists that the Shared Attention
authors' code expects, {"followers": […], "nonShared": […]}; refused for a plan it cannot express.

Example (plan.json: made by the example of spanwise plan):
  spanwise export plan.json --to shareatt`;

interface ExportOptions extends SharedOptions {
	to?: Exporter;
}

export function registerExport(program: Command, io: Io): void {
	withSharedOptions(
		program
			.command('export')
			.description('print a plan in another form')
			.argument('<plan>', 'a plan.json')
			.addOption(new Option('--to <form>', 'form of the output').choices(EXPORTERS)),
		'print JSON: as --to json, unless --to shareatt, which is JSON already'
	)
		.addHelpText('after', HELP)
		.action(async (file: string, options: ExportOptions) => {
			const exporter = exporterOf(options);
			const plan = await readPlan(file);
			const { label, reason } = fidelityOf(plan, exporter);
			if (label === 'refused') throw new InputError(`${file}: ${exporter}: ${reason ?? 'refused'}`);
			if (label === 'approximate') say(io, `note: not exact: ${reason ?? ''}`);
			print(io, exportPlan(plan, exporter));
		});
}

function exporterOf({ to, json }: ExportOptions): Exporter {
	if (to === undefined && !json) {
		throw new InputError(`--to: missing; allowed: ${EXPORTERS.join(', ')}`);
	}
	if (to === 'csv' && json) throw new InputError('--to csv is not JSON; leave out --json or --to');
	return to ?? 'json';
}
