/** Losses that a shard measured, as a file of its part: one result per line. */
import type { FolderFile } from '../../workspace/wholeFolder.ts';
import { parseResults, type CaseResult, type ProgressFile } from '../lossFile.ts';
import type { Part } from './parts.ts';
import { shardWords } from './shard.ts';

/** The file of some results. */
export function lossFile(file: string, results: readonly CaseResult[]): FolderFile {
	const text = results.map((result) => `${JSON.stringify(result)}\n`).join('');
	return { file, bytes: Buffer.from(text) };
}

/**
 * Adds what all shards measured to a file of losses, where it is not there yet; how many were added. Throws InputError
 * where a part is not what was written.
 */
export async function addLosses(
	parts: readonly Part[],
	file: string,
	to: ProgressFile
): Promise<number> {
	const before = to.size;
	for (const part of parts) {
		const text = (await part.read(file)).toString();
		for (const result of parseResults(text, `${shardWords(part.shard)}: ${file}`))
			if (to.get(result.window, result.case) === undefined) await to.add(result);
	}
	return to.size - before;
}
