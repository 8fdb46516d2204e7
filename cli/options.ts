import { InvalidArgumentError, Option, type Command } from 'commander';
import * as values from '../analysis/edge/values.ts';
import { InputError, isInputError } from '../analysis/errors.ts';
import { METRICS, VIEWS } from '../analysis/similarity/types.ts';
import { parseMemory } from './memory.ts';

/** Options that many subcommands take, before their name or after it. */
export interface SharedOptions {
	home?: string;
	models?: string[];
	memory?: number;
	json?: boolean;
}

/** Subcommands that never run a model. */
const WITHOUT_RUNS = [
	'similarity',
	'plan',
	'results',
	'compare',
	'export',
	'figure',
	'report',
	'bundle'
];
/** Subcommands that never look for a model by its name. */
const WITHOUT_MODELS = [...WITHOUT_RUNS, 'dynamics'];
/** Subcommands that lay nothing out in memory. */
const WITHOUT_MEMORY = [...WITHOUT_RUNS, 'models', 'inspect', 'savings', 'apply'];

/**
 * Adds those of the shared options that a command uses. --models may be given again and again; it takes several folders
 * at once only where the command has no arguments that it could swallow.
 */
export function withSharedOptions(command: Command, jsonHelp = 'print JSON'): Command {
	if (!WITHOUT_MODELS.includes(command.name())) addModels(command);
	command.option('--home <folder>', 'workspace (default: SPANWISE_HOME, else .spanwise)');
	if (!WITHOUT_MEMORY.includes(command.name())) {
		command.option(
			'--memory <size>',
			'most memory a run may use, e.g. 4GB or 50% of what is free (default: 70%)',
			parseMemory
		);
	}
	return command.option('--json', jsonHelp);
}

function addModels(command: Command): Command {
	const help = 'folder to look for models in; may be repeated';
	const takesNone = command.registeredArguments.length === 0 && command.parent !== null;
	if (takesNone) return command.option('--models <folder...>', help);
	return command.option('--models <folder>', help, (folder: string, before?: string[]) => [
		...(before ?? []),
		folder
	]);
}

/**
 * Gives the subcommand what stood before its name: `spanwise --home w models` is `spanwise models --home w`. Throws
 * InputError for what it does not take.
 */
export function inheritShared(program: Command, subcommand: Command): void {
	for (const [name, value] of Object.entries(program.opts())) {
		if (!subcommand.options.some((option) => option.attributeName() === name)) {
			throw new InputError(`--${name}: not an option of ${subcommand.name()}; see --help`);
		}
		const source = subcommand.getOptionValueSource(name);
		if (source === undefined || source === 'default') {
			subcommand.setOptionValueWithSource(name, value, 'cli');
		}
	}
}

export function metricOption(): Option {
	return new Option('--metric <metric>', 'how similarity is measured')
		.choices(METRICS)
		.default('cosine');
}

export function viewOption(): Option {
	return new Option('--view <view>', 'entries that count: every causal one, or without first token')
		.choices(VIEWS)
		.default('all');
}

/** A reader of an option's text that throws InputError, as commander takes it. */
export function argument<Value>(parse: (text: string) => Value): (text: string) => Value {
	return (text) => {
		try {
			return parse(text);
		} catch (error) {
			if (!isInputError(error)) throw error;
			throw new InvalidArgumentError(error.message);
		}
	};
}

/** A whole number of at least `min`. */
export const wholeNumber = (min: number) => argument(values.wholeNumber(min));

/** "0,15" → layers; "" or "none" → none. */
export const layerList = argument(values.layerList);
