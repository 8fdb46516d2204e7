import { realpath } from 'node:fs/promises';
import { dirname, relative, sep } from 'node:path';
import type { Checkpoint } from '../model/checkpoint/types.ts';

/** A checkpoint's files as a session finds them: below one folder. */
export interface WeightFiles {
	folder: string;
	/** Path of a file of the checkpoint below the folder. */
	locationOf: (file: string) => string;
}

/**
 * Finds the real paths of a checkpoint's files, links resolved. onnxruntime takes no link that leads out of the folder,
 * as those of the Hugging Face cache do.
 */
export async function weightFiles({ tensors }: Checkpoint): Promise<WeightFiles> {
	const real = new Map<string, string>();
	for (const { file } of tensors.values()) {
		if (!real.has(file)) real.set(file, await realpath(file));
	}
	const folder = commonFolder([...real.values()].map(dirname));
	return {
		folder,
		locationOf: (file) => relative(folder, real.get(file) ?? file).replaceAll(sep, '/')
	};
}

/** The deepest folder that all of them lie in. */
function commonFolder(folders: readonly string[]): string {
	return folders.reduce((common, folder) => {
		let shorter = common;
		while (
			folder !== shorter &&
			!folder.startsWith(shorter.endsWith(sep) ? shorter : shorter + sep)
		)
			shorter = dirname(shorter);
		return shorter;
	});
}
