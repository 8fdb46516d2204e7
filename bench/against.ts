import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { threadCount } from '../analysis/engine/session.ts';
import type { StatisticsRequest } from '../analysis/engine/statistics.ts';
import { BenchModel } from './engine.ts';
import type { Report } from './report.ts';
import { alternate, summary } from './timing.ts';

const CONTEXTS = [256, 512];
const REPEATS = 15;

/** One window: no null to be worked out, as in the script's job. */
const REQUEST: StatisticsRequest = {
	views: ['all'],
	gram: true,
	sqrt: false,
	jsQueries: null,
	windowCount: 1
};

/** (f) the same job in transformers, where python3 has it. Both get the same threads, one after the other. */
export async function benchAgainstTransformers(
	report: Report,
	root: string,
	folder: string
): Promise<void> {
	const script = join(root, 'bench', 'reference.py');
	const python = 'python3';
	let theirs: { torch: string; transformers: string; ms: Record<string, number[]> };
	try {
		const { stdout } = await promisify(execFile)(python, [
			script,
			folder,
			String(threadCount()),
			String(REPEATS),
			...CONTEXTS.map(String)
		]);
		theirs = JSON.parse(stdout) as typeof theirs;
	} catch (error) {
		if (!isMissing(error)) throw error;
		report.add({
			id: 'f',
			what: 'time ÷ time of the same job in transformers',
			value: null,
			unit: '',
			aim: { atMost: 0.8 },
			detail: 'not measured: python3 has no torch and transformers'
		});
		return;
	}
	for (const context of CONTEXTS) {
		const model = await BenchModel.open(folder, context, 1);
		const ours = (await alternate({ job: model.captured(REQUEST) }, REPEATS)).job;
		await model.close();
		const reference = summary(theirs.ms[context]);
		report.add({
			id: 'f',
			what: `mini-llama2, ${context} tokens: time ÷ time of the same job in transformers`,
			value: ours.medianMs / reference.medianMs,
			unit: '',
			aim: { atMost: 0.8 },
			detail: `${ours.medianMs.toFixed(0)} ms (${ours.lowMs.toFixed(0)}–${ours.highMs.toFixed(0)}) against ${reference.medianMs.toFixed(0)} ms (${reference.lowMs.toFixed(0)}–${reference.highMs.toFixed(0)}); torch ${theirs.torch}, transformers ${theirs.transformers}, ${threadCount()} threads each; ours includes the loss`
		});
	}
}

/** Whether there is no python3, or the script said (exit 3) that it lacks torch or transformers. */
function isMissing(error: unknown): boolean {
	return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 3);
}
