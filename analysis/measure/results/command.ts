import { shellLine } from '../../text/shell.ts';
import type { BenchSetting } from '../bench/benchTypes.ts';
import type { Gates } from '../evaluate/types.ts';
import { SEARCH_DEFAULTS } from '../search/defaults.ts';
import type { SearchGoal } from '../search/types.ts';

/** The model that is measured, as the user named it. */
export interface MeasuredModel {
	model: string;
	/** Those of --models. */
	modelFolders?: readonly string[] | undefined;
}

/** What every measurement of texts is asked for with; texts as the user named them. */
export interface MeasuredOn extends MeasuredModel {
	/** None: those that the command takes of itself. */
	texts: readonly string[];
	context: number;
	windows: number;
}

/** The command line that measures the same damage again, quoted for a POSIX shell. */
export function damageCommand(
	on: MeasuredOn,
	{ maxSpan, recall }: { maxSpan: number; recall?: boolean | undefined }
): string {
	return line('damage', on, ['--max-span', `${maxSpan}`, ...recallFlags(recall)]);
}

/** As `damageCommand`, of an evaluation; `plan`, `questions` and `tokenizer` name files. */
export function evaluateCommand(
	on: MeasuredOn,
	{
		plan,
		questions,
		gates,
		recall,
		tokenizer
	}: {
		plan: string;
		questions: string | null;
		gates: Gates;
		recall?: boolean | undefined;
		tokenizer?: string | undefined;
	}
): string {
	const { maxLossIncrease, minAgreement, maxAccuracyDrop } = gates;
	return line('evaluate', on, [
		...['--plan', plan],
		...(questions === null ? [] : ['--choices', questions]),
		...(tokenizer === undefined ? [] : ['--tokenizer', tokenizer]),
		...flag('--max-loss-increase', maxLossIncrease),
		...flag('--min-agreement', minAgreement),
		...flag('--max-accuracy-drop', maxAccuracyDrop),
		...recallFlags(recall)
	]);
}

/** As `damageCommand`, of a search. */
export function searchCommand(
	on: MeasuredOn,
	search: {
		goal: SearchGoal;
		maxSpan: number;
		protectedLayers: readonly number[];
		repair: boolean;
		randomPlans: number;
		shortlist: number | null;
	}
): string {
	const { goal, maxSpan, protectedLayers, repair, randomPlans, shortlist } = search;
	return line('search', on, [
		...goalFlags(goal),
		...['--max-span', `${maxSpan}`],
		...(protectedLayers.length === 0 ? [] : ['--protect', protectedLayers.join(',')]),
		...(repair ? ['--repair'] : []),
		...(randomPlans === SEARCH_DEFAULTS.randomPlans ? [] : ['--random', `${randomPlans}`]),
		...(shortlist === null ? [] : ['--shortlist', `${shortlist}`])
	]);
}

/** The command line that measures deployment again; `dtype` null: what the command takes of itself. */
export function benchCommand(
	{ model, modelFolders = [] }: MeasuredModel,
	{ prompt, generate, batch, repeats }: BenchSetting,
	{ dtype, ...compared }: { dtype: string | null } & ({ plan: string } | { against: string })
): string {
	return shellLine([
		...['spanwise', 'bench', model],
		...('plan' in compared ? ['--plan', compared.plan] : ['--against', compared.against]),
		...['--prompt', `${prompt}`, '--generate', `${generate}`],
		...['--batch', `${batch}`, '--repeats', `${repeats}`],
		...(dtype === null ? [] : ['--dtype', dtype]),
		...folderFlags(modelFolders)
	]);
}

function goalFlags(goal: SearchGoal): string[] {
	switch (goal.kind) {
		case 'followers':
			return ['--followers', `${goal.followers}`];
		case 'save':
			return ['--save', `${goal.axis}=${Number((goal.share * 100).toPrecision(12))}%`];
		case 'loss':
			return ['--max-loss-increase', `${goal.maxLossIncrease}`];
	}
}

function line(subcommand: string, on: MeasuredOn, rest: readonly string[]): string {
	const { model, texts, context, windows, modelFolders = [] } = on;
	return shellLine([
		...['spanwise', subcommand, model],
		...(texts.length === 0 ? [] : ['--text', ...texts]),
		...['--context', `${context}`, '--windows', `${windows}`],
		...rest,
		...folderFlags(modelFolders)
	]);
}

function recallFlags(recall: boolean | undefined): string[] {
	return recall === false ? ['--recall', 'off'] : [];
}

function folderFlags(modelFolders: readonly string[]): string[] {
	return modelFolders.flatMap((folder) => ['--models', folder]);
}

function flag(name: string, value: number | undefined): string[] {
	return value === undefined ? [] : [name, `${value}`];
}
