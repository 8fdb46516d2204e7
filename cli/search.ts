import { resolve } from 'node:path';
import { Option } from 'commander';
import type { Search } from '../analysis/measure/search/types.ts';
import { checkTarget, readyTarget } from '../analysis/workspace/wholeFolder.ts';
import { say } from './io.ts';
import type { Own } from './measurement.ts';
import { writeSearch } from './searchFolder.ts';
import { searchText } from './searchText.ts';

/** Options and texts of `spanwise search` beyond those of its kind. */
export const searchOwn: Own<Search> = {
	options: [
		new Option('--out <folder>', 'where the report, the plans and refitted weights are written')
	],
	async prepare({ out }) {
		if (out === undefined) return {};
		await checkTarget(resolve(out));
		await readyTarget(resolve(out), 0);
		return {};
	},
	text: searchText,
	async printed({ figures, files }, { out }, io) {
		if (out === undefined) return;
		await writeSearch(out, figures, files);
		say(io, `wrote the report and its plans to ${out}`);
	}
};
