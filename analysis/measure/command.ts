import { shellLine } from '../text/shell.ts';
import { writeFlags } from './flags.ts';
import type { Kind } from './kind.ts';

/** Inputs of a measurement, as the user named them. */
export interface Named {
	model: string;
	/** None: those that the command takes of itself. */
	texts?: readonly string[];
	/** A plan's file. */
	plan?: string | undefined;
	/** A file of questions; null: none are asked. */
	questions?: string | null;
	tokenizer?: string | undefined;
	/** Words in the place of --plan and its file, such as --against and a folder. */
	instead?: readonly string[];
	/** Those of --models. */
	modelFolders?: readonly string[] | undefined;
}

/** The command line that measures the same again, quoted for a POSIX shell. */
export function commandOf(kind: Kind, named: Named, settings: object): string {
	const { model, texts = [], plan, questions = null, tokenizer, instead = [] } = named;
	return shellLine([
		...['spanwise', kind.kind, model],
		...(texts.length === 0 ? [] : ['--text', ...texts]),
		...(plan === undefined ? instead : ['--plan', plan]),
		...(questions === null ? [] : ['--choices', questions]),
		...writeFlags(kind.flags, settings),
		...(tokenizer === undefined ? [] : ['--tokenizer', tokenizer]),
		...(named.modelFolders ?? []).flatMap((folder) => ['--models', folder])
	]);
}
