import type { Command } from 'commander';
import type { ModelListing } from '../analysis/model/checkpoint/types.ts';
import { formatBytes, formatCount } from '../analysis/text/number.ts';
import { findModels } from './found.ts';
import { print, printJson, say, type Io } from './io.ts';
import { withSharedOptions, type SharedOptions } from './options.ts';
import { formatTable, type Column } from './table.ts';

const HELP = `
Models are looked for in the bundled folder, in those given with --models (each a model or a folder of
models), and in the Hugging Face cache (HF_HUB_CACHE, HF_HOME): checkpoints, and ONNX files beside config.json or in
a subfolder onnx, each a model of its own. The first column is what MODEL may be.

Example:
  spanwise models --models models --json`;

export function registerModels(program: Command, io: Io): void {
	withSharedOptions(
		program.command('models').description('list the models that were found, and which can be used')
	)
		.addHelpText('after', HELP)
		.action(async (options: SharedOptions) => {
			const listings = await findModels(options, io);
			if (options.json) printJson(io, listings);
			else printModels(io, listings);
		});
}

function printModels(io: Io, listings: readonly ModelListing[]): void {
	if (listings.length === 0) {
		say(io, 'No model was found; name a folder with --models.');
		return;
	}
	const problems = listings.some(({ problem }) => problem !== null);
	print(io, formatTable(listings, problems ? [...COLUMNS, USE] : COLUMNS));
}

const USE: Column<ModelListing> = {
	title: 'CANNOT BE USED BECAUSE',
	value: ({ problem }) => problem ?? ''
};

const COLUMNS: Column<ModelListing>[] = [
	{ title: 'MODEL', value: ({ id }) => id },
	{ title: 'FORM', value: ({ form }) => FORMS[form] },
	{ title: 'ARCHITECTURE', value: ({ facts }) => facts?.architecture ?? '–' },
	{
		title: 'LAYERS × HEADS (KV)',
		value: ({ facts }) => (facts ? `${facts.layers} × ${facts.heads} (${facts.kvHeads})` : '–')
	},
	{
		title: 'PARAMETERS',
		value: ({ facts }) => (facts ? formatCount(facts.parameters) : '–'),
		align: 'right'
	},
	{ title: 'SIZE', value: ({ facts }) => (facts ? formatBytes(facts.bytes) : '–'), align: 'right' },
	{ title: 'DTYPE', value: ({ facts }) => facts?.dtype ?? '–' },
	{ title: 'FOUND IN', value: ({ origin }) => ORIGINS[origin] }
];

const FORMS: Record<ModelListing['form'], string> = {
	checkpoint: 'checkpoint',
	onnx: 'ONNX',
	gguf: 'GGUF'
};

const ORIGINS: Record<ModelListing['origin'], string> = {
	bundled: 'bundled',
	folder: '--models',
	cache: 'Hugging Face cache'
};
