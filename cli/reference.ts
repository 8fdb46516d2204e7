import { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';
import { programFor } from './program.ts';

const HELP_WIDTH = 96;

/** Renders docs/reference.md: the help of the command and of every subcommand, as `--help` prints it. */
export function reference(): string {
	let printed = '';
	const stdout = new Writable({
		decodeStrings: false,
		write(text: string, _encoding, done) {
			printed += text;
			done();
		}
	});
	const program = programFor({ stdin: Readable.from([]), stdout, stderr: stdout, env: {} });
	const helpOf = (command: Command): string => {
		printed = '';
		command.configureOutput({ ...command.configureOutput(), getOutHelpWidth: () => HELP_WIDTH });
		command.outputHelp();
		return printed.trim();
	};
	const section = (command: Command, title: string) =>
		`## ${title}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\`\n`;
	return [
		'# Command reference\n',
		'Generated from the command itself by `npm run reference`; the same text as `--help`.\n',
		section(program, 'spanwise'),
		...program.commands.map((command) => section(command, `spanwise ${command.name()}`))
	].join('\n');
}
