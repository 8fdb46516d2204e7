import { InputError } from '../analysis/errors.ts';
import { resultShelf, writeResult } from '../analysis/measure/results/folder.ts';
import { partsOf } from '../analysis/measure/results/parts.ts';
import type { StoredResult } from '../analysis/measure/results/types.ts';
import type { FolderFile } from '../analysis/workspace/wholeFolder.ts';
import type { TelemetryRecorder } from '../analysis/telemetry/recorder.ts';
import { say, type Io } from './io.ts';

/** Workspace, command and telemetry that a measurement is kept with. */
interface Origin {
	home: string;
	/** The command that makes it again. */
	command: string;
	/** Of the measurement that has just ended. */
	recorder: TelemetryRecorder;
	/** Id of what shards make, whichever of them ends last; null: a new one. */
	id?: string | null;
}

/**
 * Keeps a measurement in the workspace, where the pages show it among the others. A workspace that cannot be written
 * takes nothing from the user: the figures are printed all the same, and a line says so.
 */
export async function storeResult(
	result: StoredResult['result'],
	{ home, command, recorder, id = null }: Origin,
	io: Io,
	files: readonly FolderFile[] = []
): Promise<void> {
	const parts = partsOf(result, { command, telemetry: recorder.finish() });
	try {
		if (id !== null && (await resultShelf(home).ids()).includes(id)) {
			say(io, `in the workspace already, as ${id}`);
			return;
		}
		const stored = await writeResult(home, parts, files, { ...(id !== null && { id }) });
		say(io, `saved to the workspace as ${stored.id}`);
	} catch (error) {
		if (!(error instanceof InputError)) throw error;
		say(io, `not kept in the workspace: ${error.message}`);
	}
}
