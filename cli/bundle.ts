import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { quoted } from '../analysis/edge/quote.ts';
import { InputError } from '../analysis/errors.ts';
import { bundleOf } from '../analysis/publish/bundle/write.ts';
import { formatBytes } from '../analysis/text/number.ts';
import { findRun, homeOf } from './found.ts';
import { printJson, say, type Io } from './io.ts';
import { withSharedOptions, type SharedOptions } from './options.ts';

const HELP = `
One ZIP archive with the run, every measurement of the same weights in the workspace, their names and notes, and
report.html, which opens without Spanwise. The model, the texts and refitted weights are not in it; tokens of the windows are.
spanwise import bundle FILE, or dropping the file on any page, opens it elsewhere.

Example (llama2-run: made by the example of spanwise analyze):
  spanwise bundle llama2-run --out llama2.zip`;

interface BundleOptions extends SharedOptions {
	out?: string;
}

export function registerBundle(program: Command, io: Io): void {
	withSharedOptions(
		program
			.command('bundle')
			.description('write a run with its measurements as one file, for another machine')
			.argument('<run>', "a run's folder or id")
			.option('--out <file>', 'the file, written over (default: the run’s id, .zip)'),
		'print the name of the file and what is in it as JSON'
	)
		.addHelpText('after', HELP)
		.action(async (run: string, options: BundleOptions) => {
			const source = { ...(await findRun(run, options, io)), home: homeOf(options, io) };
			const file = options.out ?? `${source.record.id}.zip`;
			if (!/\.zip$/i.test(file))
				throw new InputError(`--out ${quoted(file)}: expected a name that ends in .zip`);
			const { bytes, results, leftOut } = await bundleOf(source);
			await writeFile(file, bytes);
			if (options.json) {
				printJson(io, { file, run: source.record.id, results, leftOut });
				return;
			}
			const weights =
				leftOut.length === 0
					? ''
					: `; left out, as weights of the model: ${leftOut.map((each) => quoted(each)).join(', ')}`;
			say(
				io,
				`wrote ${quoted(file)}, ${formatBytes(bytes.byteLength)}: the run and ${results} measurements${weights}`
			);
		});
}
