import type { Command } from 'commander';
import { parseUntrusted } from '../analysis/edge/parse.ts';
import { quoted } from '../analysis/edge/quote.ts';
import { InputError } from '../analysis/errors.ts';
import { resultShelf } from '../analysis/measure/results/folder.ts';
import { changeLabel, readLabel } from '../analysis/workspace/labels/files.ts';
import {
	NO_LABEL,
	tagWords,
	type Label,
	type Labelled
} from '../analysis/workspace/labels/label.ts';
import { labelSchema } from '../analysis/workspace/labels/schema.ts';
import { runShelf } from '../analysis/workspace/run/list.ts';
import { homeOf } from './found.ts';
import { print, printJson, type Io } from './io.ts';
import { withSharedOptions, type SharedOptions } from './options.ts';
import { formatFacts } from './table.ts';

const HELP = `
A label lies in a small file of the workspace, beside the measurement and never in it. The pages and spanwise results show
names with the id, put what is pinned first, and search over all of it. Without an option the label is printed.

Example:
  spanwise label RUN --name 'first try' --tag paper --tag draft --pin
  spanwise label RUN --untag draft --note 'The map of figure 2.'
  spanwise results --where tag:paper`;

interface LabelOptions extends SharedOptions {
	name?: string;
	note?: string;
	tag?: string[];
	untag?: string[];
	pin?: boolean;
	clear?: true;
}

export function registerLabel(program: Command, io: Io): void {
	const several = (word: string, before?: string[]) => [...(before ?? []), ...tagWords(word)];
	withSharedOptions(
		program
			.command('label')
			.description('name, tag and pin a run or result, or write a note')
			.argument('<id>', 'id of a run or result in the workspace')
			.option('--name <name>', "one line; '' takes the name away")
			.option('--note <note>', "some sentences; '' takes the note away")
			.option('--tag <tag>', 'add a tag; may be repeated', several)
			.option('--untag <tag>', 'take a tag away; may be repeated', several)
			.option('--pin', 'put it first in every list')
			.option('--no-pin', 'no longer put it first')
			.option('--clear', 'take all of it away, before the other options are heard')
	)
		.addHelpText('after', HELP)
		.action(async (id: string, options: LabelOptions) => {
			const home = homeOf(options, io);
			const of = await labelledBy(id, home);
			const was = await readLabel(home, of, id).catch((error: unknown) => {
				if (options.clear === true) return NO_LABEL;
				throw error;
			});
			const next = changed(was, options);
			const { label, conflicts } = await changeLabel(home, of, id, { was, next });
			if (conflicts.length > 0)
				throw new InputError(
					`${conflicts.join(' and ')} of ${id}: changed by another program just now; look at it and try again`
				);
			if (options.json) printJson(io, { id, ...label });
			else print(io, labelText(id, label));
		});
}

/** Returns the kind that an id belongs to, 'runs' or 'results'. Throws InputError where it belongs to neither. */
async function labelledBy(id: string, home: string): Promise<Labelled> {
	const shelves = { runs: runShelf(home), results: resultShelf(home) };
	for (const of of ['runs', 'results'] as const)
		if ((await shelves[of].ids()).includes(id)) return of;
	throw new InputError(
		`${quoted(id)}: no run or result of the workspace ${home}; ids are in: spanwise results`
	);
}

/** A label as the options leave it. Throws InputError for what no label may hold. */
function changed(
	was: Label,
	{ name, note, tag = [], untag = [], pin, clear }: LabelOptions
): Label {
	const from = clear === true ? NO_LABEL : was;
	const gone = untag.map((word) => word.toLowerCase());
	return parseUntrusted(
		labelSchema,
		{
			name: name ?? from.name,
			note: note ?? from.note,
			tags: [...from.tags, ...tag].filter((word) => !gone.includes(word.toLowerCase())),
			pinned: pin ?? from.pinned
		},
		'label'
	);
}

function labelText(id: string, { name, note, tags, pinned }: Label): string {
	const facts: [string, string][] = [['id', id]];
	if (name !== '') facts.push(['name', name]);
	if (tags.length > 0) facts.push(['tags', tags.join(' ')]);
	if (pinned) facts.push(['pinned', 'yes']);
	if (note !== '') facts.push(['note', note]);
	return facts.length === 1 ? `${id} has no label\n` : formatFacts(facts);
}
