import type { Checkpoint } from '../model/checkpoint/types.ts';
import { prepare, type PreparedAnalysis, type WindowPlan } from '../measure/analyze/prepare.ts';
import { operationsPerSecond } from './speed.ts';
import type { AnalyzeRequest, Estimate } from '../measure/analyze/types.ts';

/** Loading node, onnxruntime and tokenizer, building sessions, hashing: what every run takes at least. */
const FIXED_SECONDS = 1;
/** Weights come from disk at about 1 GB/s, once a group. */
const DISK_BYTES_PER_SECOND = 1e9;

/** What a run would take. Throws InputError where it would be refused, with the reason. */
export async function estimateAnalysis(request: AnalyzeRequest): Promise<Estimate> {
	return estimateOfAnalysis(await prepare(request), request.home);
}

/** What a prepared analysis will take. */
export function estimateOfAnalysis(prepared: PreparedAnalysis, home: string): Promise<Estimate> {
	return estimateOf({ ...prepared, checkpoint: prepared.source.facts }, home);
}

/** What an estimate is made from. */
interface Outlook extends Pick<
	WindowPlan,
	'memory' | 'windows' | 'context' | 'notes' | 'totalWork'
> {
	checkpoint: Pick<Checkpoint, 'bytes'>;
}

export async function estimateOf(prepared: Outlook, home: string): Promise<Estimate> {
	const { checkpoint, memory, windows, context, notes } = prepared;
	const { rate, from } = await operationsPerSecond(home);
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
