import type { Checkpoint } from '../model/checkpoint/types.ts';
import type { WindowPlan } from './windowPlan.ts';
import { operationsPerSecond, type SpeedOf } from './speed.ts';

/** Loading node, onnxruntime and tokenizer, building sessions, hashing: what every run takes at least. */
const FIXED_SECONDS = 1;
/** Weights come from disk at about 1 GB/s, once a group. */
const DISK_BYTES_PER_SECOND = 1e9;

/** Facts about a prepared run that its estimate is made from. */
interface Forecast extends SpeedOf, Pick<WindowPlan, 'memory' | 'context' | 'notes' | 'totalWork'> {
	windows: readonly unknown[];
	checkpoint: Pick<Checkpoint, 'bytes'>;
}

export async function estimateOf(prepared: Forecast, home: string): Promise<Estimate> {
	const { checkpoint, memory, windows, context, notes } = prepared;
	const { rate, from } = await operationsPerSecond(home, prepared);
	const groups = memory.resident ? 1 : Math.ceil(windows.length / memory.windowsPerGroup);
	return {
		memoryBytes: memory.bytes,
		memoryLimitBytes: memory.limitBytes,
		seconds:
			FIXED_SECONDS +
			prepared.totalWork / rate +
			(groups * checkpoint.bytes) / DISK_BYTES_PER_SECOND,
		secondsFrom: from,
		context,
		windows: windows.length,
		windowsPerGroup: memory.windowsPerGroup,
		tokens: windows.length * context,
		notes
	};
}

/** Time and memory that a run is expected to take, known before it starts. */
export interface Estimate {
	/** Peak memory of the process, bytes. */
	memoryBytes: number;
	memoryLimitBytes: number;
	/** Roughly; from the speed remembered of earlier runs on this machine, else from a guess by cores. */
	seconds: number;
	secondsFrom: 'earlier runs' | 'guess';
	context: number;
	windows: number;
	/** Windows that are in memory together. */
	windowsPerGroup: number;
	tokens: number;
	/** "4 windows instead of 8: …" */
	notes: string[];
}
