import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { changeLabel, readLabels } from '../../../analysis/workspace/labels/files.ts';
import type { Label } from '../../../analysis/workspace/labels/label.ts';
import { mutateBytes } from '../mutateBytes.ts';
import { mutateJson } from '../mutateJson.ts';
import type { Random } from '../random.ts';
import { Finding, refusedOr, type Outcome, type Target } from '../target.ts';

const LABEL: Label = { name: 'a run', note: 'of two\nlines', tags: ['paper', 'x-1'], pinned: true };
const FILE = { format: 'spanwise/label', version: 1, ...LABEL };

/**
 * Labels. A mutant is named as a problem in a line, or it is a label within all bounds; its neighbour is read either way,
 * and it can be written anew.
 */
export class LabelsTarget implements Target {
	readonly name = 'labels';

	prepare(): Promise<void> {
		return Promise.resolve();
	}

	async try(random: Random, folder: string): Promise<Outcome> {
		const wellFormed = random.chance(0.7);
		const mutant = wellFormed
			? mutateJson(FILE, random)
			: mutateBytes(Buffer.from(JSON.stringify(FILE)), random);
		const { change } = mutant;
		const runs = join(folder, 'labels', 'runs');
		await mkdir(runs, { recursive: true });
		await writeFile(join(runs, 'a.json'), JSON.stringify(FILE));
		await writeFile(
			join(runs, 'b.json'),
			'bytes' in mutant ? mutant.bytes : JSON.stringify(mutant.value)
		);
		const { labels, problems } = await readLabels(folder);
		if (JSON.stringify(labels.runs.a) !== JSON.stringify(LABEL))
			throw new Finding(`${change}: its neighbour is ${JSON.stringify(labels.runs.a)}`);
		const found = labels.runs.b as Label | undefined;
		if ((found === undefined) !== (problems.length === 1))
			throw new Finding(`${change}: neither read nor named: ${problems.join()}`);
		for (const problem of problems)
			await refusedOr(change, () => {
				throw Object.assign(new Error(problem), { name: 'InputError' });
			});
		if (found !== undefined && !isWithinBounds(found))
			throw new Finding(`${change}: read as ${JSON.stringify(found)}`);
		const next = { ...LABEL, name: 'anew' };
		const { label, conflicts } = await changeLabel(folder, 'runs', 'b', {
			was: found ?? LABEL,
			next
		});
		if (conflicts.length > 0 || label.name !== 'anew')
			throw new Finding(`${change}: cannot be written anew`);
		return { change, wellFormed, verdict: found === undefined ? 'refused' : 'right' };
	}
}

function isWithinBounds({ name, note, tags, pinned }: Label): boolean {
	return (
		typeof name === 'string' &&
		name.length <= 80 &&
		!/\p{Cc}/u.test(name) &&
		typeof note === 'string' &&
		note.length <= 2000 &&
		tags.length <= 20 &&
		new Set(tags).size === tags.length &&
		tags.every((tag) => /^[\p{L}\p{N}._-]{1,40}$/u.test(tag)) &&
		typeof pinned === 'boolean'
	);
}
