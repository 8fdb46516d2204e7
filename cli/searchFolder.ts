import { planJson } from '../analysis/plan/exporters/json.ts';
import { writeFolder } from '../analysis/workspace/wholeFolder.ts';
import { fileStem } from '../analysis/measure/search/candidate.ts';
import type { Refit } from '../analysis/measure/search/repaired.ts';
import type { Search } from '../analysis/measure/search/types.ts';

/**
 * Writes search.json, a plan file for every plan, and the refitted weights that they name, whole or not at all.
 * Throws InputError where the folder exists or cannot be written.
 */
export async function writeSearch(
	folder: string,
	search: Search,
	refits: readonly Refit[]
): Promise<void> {
	const text = (file: string, content: string) => ({ file, bytes: Buffer.from(content) });
	await writeFolder(
		folder,
		[
			text('search.json', `${JSON.stringify(search, null, '\t')}\n`),
			...search.report.plans.map(({ name, plan }) =>
				text(`${fileStem(name)}.plan.json`, planJson(plan))
			),
			...refits
		],
		'result'
	);
}
