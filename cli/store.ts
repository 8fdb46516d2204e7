import { InputError } from '../analysis/errors.ts';
import { writeResult } from '../analysis/measure/results/folder.ts';
import { partsOf } from '../analysis/measure/results/parts.ts';
import type { StoredResult } from '../analysis/measure/results/types.ts';
import type { FolderFile } from '../analysis/workspace/wholeFolder.ts';
import type { TelemetryRecorder } from '../analysis/telemetry/recorder.ts';
import { say, type Io } from './io.ts';

/** How a measurement came about. */
interface Origin {
	home: string;
	/** The command that makes it again. */
	command: string;
	/** Of the measurement that has just ended. */
	recorder: TelemetryRecorder;
}

/**
 * Keeps a measurement in the workspace, where the pages show it among the others. A workspace that cannot be written
 * takes nothing from the user: the figures are printed all the same, and a line says so.
 */
export async function storeResult(
	result: StoredResult['result'],
	{ home, command, recorder }: Origin,
	io: Io,
	files: readonly FolderFile[] = []
): Promise<void> {
	const parts = partsOf(result, { command, telemetry: recorder.finish() });
	try {
		const { id } = await writeResult(home, parts, files);
		say(io, `saved to the workspace as ${id}`);
	} catch (error) {
		if (!(error instanceof InputError)) throw error;
		say(io, `not kept in the workspace: ${error.message}`);
	}
}
