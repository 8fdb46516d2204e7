import type { Command } from 'commander';
import type { ModelListing } from '../analysis/model/checkpoint/types.ts';
import { formatBytes, formatCount } from '../analysis/text/number.ts';
import { hasTorch } from '../analysis/engine/torchThere.ts';
import { pythonOf } from '../analysis/engine/torchSettings.ts';
import { needTorch, withoutTorch } from '../analysis/model/catalogue/onlyTorch.ts';
import { findModels } from './found.ts';
import { print, printJson, say, type Io } from './io.ts';
import { withSharedOptions, type SharedOptions } from './options.ts';
import { formatTable, type Column } from './table.ts';

const HELP = `
Models are looked for in the bundled folder, in those given with --models (each a model or a folder of
models), and in the Hugging Face cache (HF_HUB_CACHE, HF_HOME): checkpoints, and ONNX files beside config.json or in
a subfolder onnx, each a model of its own. GGUF files are listed too, in those folders and where Ollama (OLLAMA_MODELS) and
llama.cpp (LLAMA_CACHE) keep what they downloaded. The first column is what MODEL may be. A model that the program's own
engine does not know runs on PyTorch (--engine torch), where python3 or the Python of SPANWISE_PYTHON has it.

Example:
  spanwise models --models models --json`;

export function registerModels(program: Command, io: Io): void {
	withSharedOptions(
		program.command('models').description('list the models that were found, and which can be used')
	)
		.addHelpText('after', HELP)
		.action(async (options: SharedOptions) => {
			const listings = await usable(await findModels(options, io), pythonOf(io.env));
			if (options.json) printJson(io, listings);
			else printModels(io, listings);
		});
}

/** Models that only PyTorch runs are usable where a Python has it, which is asked where there is such a model. */
async function usable(listings: ModelListing[], python: string): Promise<ModelListing[]> {
	if (!needTorch(listings) || (await hasTorch(python))) return listings;
	return withoutTorch(listings, python);
}

function printModels(io: Io, listings: readonly ModelListing[]): void {
	if (listings.length === 0) {
		say(io, 'No model was found; name a folder with --models.');
		return;
	}
	const problems = listings.some(({ problem }) => problem !== null);
	const columns = [
		...COLUMNS,
		...(needTorch(listings) ? [RUNS_ON] : []),
		...(problems ? [USE] : [])
	];
	print(io, formatTable(listings, columns));
}

const RUNS_ON: Column<ModelListing> = {
	title: 'RUNS ON',
	value: ({ facts, problem }) => {
		if (problem !== null) return '–';
		const why = facts?.onlyTorch;
		return why === undefined ? 'any engine' : `PyTorch only (--engine torch): ${why}`;
	}
};

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
	cache: 'Hugging Face cache',
	ollama: 'Ollama',
	'llama.cpp': 'llama.cpp'
};
