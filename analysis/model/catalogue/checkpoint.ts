import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import { children } from '../checkpoint/cache.ts';
import { expectedTensors } from '../checkpoint/fused.ts';
import { configFacts, modelFacts } from '../checkpoint/facts.ts';
import { exists } from '../checkpoint/files.ts';
import { openForOther, readConfig } from '../checkpoint/open.ts';
import { openGguf } from '../gguf/open.ts';
import { missingTokenizer } from '../checkpoint/tokenizer.ts';
import type { ModelFacts, ModelListing } from '../checkpoint/types.ts';

/** Examines a checkpoint or a GGUF file for a listing. Never throws: the problem says what is wrong. */
export async function examineCheckpoint({
	folder,
	form
}: Pick<ModelListing, 'folder' | 'form'>): Promise<
	Pick<ModelListing, 'facts' | 'planned' | 'problem'>
> {
	try {
		const facts = modelFacts(await (form === 'gguf' ? openGguf(folder) : openForOther(folder)));
		return {
			facts,
			planned: null,
			problem: form === 'gguf' ? null : await missingTokenizer(folder)
		};
	} catch (error) {
		// Whatever is wrong with one model, down to a failing disk, the others are still to be listed.
		return { facts: await factsOfConfig(folder), planned: null, problem: messageOf(error) };
	}
}

/** Computes facts from config.json and file sizes where weights cannot be used; null if it cannot be read either. */
async function factsOfConfig(folder: string): Promise<ModelFacts | null> {
	try {
		const config = await readConfig(folder);
		const parameters = expectedTensors(config).reduce(
			(sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1),
			0
		);
		return configFacts(config, parameters, await weightBytes(folder));
	} catch {
		return null;
	}
}

async function weightBytes(folder: string): Promise<number> {
	let bytes = 0;
	for (const file of await children(folder)) {
		const path = join(folder, file);
		if (file.endsWith('.safetensors') && (await exists(path))) bytes += (await stat(path)).size;
	}
	return bytes;
}
