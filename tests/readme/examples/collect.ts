import { readdirSync, readFileSync } from 'node:fs';
import { NOT_RUN } from './notRun.ts';

/** A block of code in a Markdown document. */
export interface Block {
	/** Line of the document on which its code begins, from 1. */
	line: number;
	/** Word behind the fence, which may be empty; null: the block is indented and has no fence. */
	language: string | null;
	/** Without the indentation. */
	lines: string[];
}

/** A command that a document shows. */
export interface Example {
	command: string;
	/** Output that the document shows below a block of one command; null: none. */
	shown: string | null;
}

/** Beginning of a line that a reader would type. */
const COMMAND = /^(?:spanwise|npx|npm|node|python3?|pip|lm_eval|sbatch|kubectl)\s/;
/** What makes a line code without a fence. */
const INDENT = '    ';
/** Beginning of every command that is run. */
const RUN = 'npx spanwise ';

/** README.md and the documents in docs/, by their paths, but not the command reference: its blocks are the help, prose and all. */
export function documentPaths(): string[] {
	const docs = readdirSync('docs').filter(
		(name) => name.endsWith('.md') && name !== 'reference.md'
	);
	return ['README.md', ...docs.map((name) => `docs/${name}`)];
}

/** Returns the blocks of a Markdown text, fenced or indented, in order. */
export function blocksOf(markdown: string): Block[] {
	const lines = markdown.split('\n');
	const blocks: Block[] = [];
	for (let at = 0; at < lines.length; at++) {
		const fence = /^```(\w*)$/.exec(lines[at]);
		if (fence !== null) {
			const closing = lines.indexOf('```', at + 1);
			const past = closing < 0 ? lines.length : closing;
			blocks.push({ line: at + 2, language: fence[1], lines: lines.slice(at + 1, past) });
			at = past;
		} else if (lines[at].startsWith(INDENT) && (at === 0 || lines[at - 1].trim() === '')) {
			const first = at;
			while (at + 1 < lines.length && lines[at + 1].startsWith(INDENT)) at++;
			const inside = lines.slice(first, at + 1).map((line) => line.slice(INDENT.length));
			blocks.push({ line: first + 1, language: null, lines: inside });
		}
	}
	return blocks;
}

/** Returns the commands of a block, those of several lines joined; comments and blank lines are passed over. */
function commandsOf({ lines }: Block): string[] {
	return lines
		.join('\n')
		.replaceAll('\\\n', ' ')
		.split('\n')
		.filter((line) => line.trim() !== '' && !line.startsWith('#'));
}

function isListed(path: string, { lines }: Block): boolean {
	return NOT_RUN.some(([of, first]) => of === path && first === lines[0]);
}

/** Returns the commands of a document that the tests run: of every `sh` block that `NOT_RUN` does not list. */
export function examplesOf(path: string, markdown = readFileSync(path, 'utf8')): Example[] {
	const blocks = blocksOf(markdown);
	return blocks.flatMap((block, index) => {
		if (block.language !== 'sh' || isListed(path, block)) return [];
		const commands = commandsOf(block);
		const next = blocks.at(index + 1);
		const shown =
			commands.length === 1 && next?.language === 'text' ? `${next.lines.join('\n')}\n` : null;
		return commands.map((command) => ({ command, shown }));
	});
}

/**
 * Returns what is neither run nor listed, as "docs/guide.md:94: npm start": commands in `sh` blocks that are no `npx spanwise`,
 * commands in blocks of output and in indented blocks, and blocks in any other language.
 */
export function strayCommands(path: string, markdown = readFileSync(path, 'utf8')): string[] {
	return blocksOf(markdown).flatMap((block) => {
		if (isListed(path, block)) return [];
		const { language, lines, line } = block;
		const stray =
			language === 'sh'
				? commandsOf(block).filter((command) => !command.startsWith(RUN))
				: language === 'text' || language === null
					? lines.filter((each) => COMMAND.test(each))
					: lines.slice(0, 1);
		return stray.map((each) => `${path}:${line}: ${each}`);
	});
}

/** Returns the entries of `NOT_RUN` that no document has any more. */
export function staleEntries(): string[] {
	const found = new Set(
		documentPaths().flatMap((path) =>
			blocksOf(readFileSync(path, 'utf8')).map(({ lines }) => `${path}: ${lines[0]}`)
		)
	);
	return NOT_RUN.map(([path, first]) => `${path}: ${first}`).filter((entry) => !found.has(entry));
}
