import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sealed } from '../../../analysis/edge/seal.ts';
import { aboutOf, readParts, writePart } from '../../../analysis/measure/shards/parts.ts';
import { mutateBytes } from '../mutateBytes.ts';
import { mutateJson } from '../mutateJson.ts';
import type { Random } from '../random.ts';
import { Finding, refusedOr, type Outcome, type Target } from '../target.ts';

const COUNT = 2;
const FILES = ['sums.bin', 'figures.json'];
const MEASURED = {
	kind: 'analyze',
	documents: [{ text: 'the cat sat on the mat' }],
	questions: null,
	settings: { context: 24, windows: 4, metrics: ['cosine'] }
};
const ABOUT = aboutOf(MEASURED, { hash: 'a'.repeat(64), tokenizer: 'b'.repeat(64) });

/** Parts of shards. A mutant is refused, or every file of every part is what was written. */
export class PartsTarget implements Target {
	readonly name = 'parts';
	#parts = '';
	#contents: Buffer[][] = [];

	async prepare(folder: string): Promise<void> {
		this.#parts = join(folder, 'parts');
		for (let index = 0; index < COUNT; index++) {
			const sums = Buffer.from(Float64Array.of(1.5 + index, 2.25, 3).buffer);
			const figures = Buffer.from(JSON.stringify({ losses: [3.5 + index], windows: 2 }));
			this.#contents.push([sums, figures]);
			await writePart(this.#parts, { index, count: COUNT }, ABOUT, [
				{ file: FILES[0], bytes: sums },
				{ file: FILES[1], bytes: figures }
			]);
		}
	}

	async try(random: Random, folder: string): Promise<Outcome> {
		const parts = join(folder, 'parts');
		await cp(this.#parts, parts, { recursive: true });
		const part = join(parts, `${random.int(COUNT)}-of-${COUNT}`);
		const wellFormed = random.chance(0.7);
		const file = wellFormed || random.chance(0.5) ? 'part.json' : random.pick(FILES);
		const original = await readFile(join(part, file));
		const mutant = wellFormed
			? mutateJson(JSON.parse(original.toString()), random)
			: mutateBytes(original, random);
		const change = `${file}: ${mutant.change}`;
		const bytes = 'bytes' in mutant ? mutant.bytes : bytesOf(mutant.value, random.chance(0.7));
		await writeFile(join(part, file), bytes);
		const found = await refusedOr(change, async () => {
			const read = [];
			for (const each of await readParts(parts, COUNT, ABOUT))
				read.push(await Promise.all(FILES.map((name) => each.read(name))));
			return read;
		});
		if (found === null) return { change, wellFormed, verdict: 'refused' };
		const equal = found.every((files, at) =>
			files.every((content, index) => content.equals(this.#contents[at][index]))
		);
		if (!equal) throw new Finding(`${change}: another content`);
		return { change, wellFormed, verdict: 'right' };
	}
}

/** The JSON of a changed manifest, most with the checksum of what it says now. */
function bytesOf(value: unknown, reseal: boolean): string {
	if (!reseal || typeof value !== 'object' || value === null) return JSON.stringify(value);
	const fields = Object.fromEntries(Object.entries(value).filter(([key]) => key !== 'checksum'));
	return JSON.stringify(sealed(fields));
}
