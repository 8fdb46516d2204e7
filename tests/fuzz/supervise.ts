import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Reply } from './messages.ts';

/** Longest that one mutant may take; a good one takes well under a second, and machines may be busy. */
const MUTANT_TIMEOUT_MS = 20_000;
const START_TIMEOUT_MS = 60_000;

/** Counts of the mutants of one target by outcome, and the findings. */
export interface TargetReport {
	target: string;
	mutants: number;
	wellFormed: number;
	refused: number;
	right: number;
	findings: { seed: number; what: string }[];
}

/**
 * Tries mutants of a target with the seeds `first`, `first` + 1 … until `mutants` were tried or `until` (milliseconds
 * since the epoch) is reached. A child that hangs or dies is one finding, and another takes its place.
 */
export async function fuzzTarget(
	script: string,
	target: string,
	limits: { first: number; mutants: number; until: number }
): Promise<TargetReport> {
	const report: TargetReport = {
		target,
		mutants: 0,
		wellFormed: 0,
		refused: 0,
		right: 0,
		findings: []
	};
	let child: ChildProcess | null = null;
	for (let seed = limits.first; seed < limits.first + limits.mutants; seed++) {
		if (Date.now() >= limits.until) break;
		child ??= await startChild(script, target);
		const reply = await ask(child, seed);
		report.mutants++;
		if (reply.kind === 'outcome') {
			report.wellFormed += Number(reply.outcome.wellFormed);
			report[reply.outcome.verdict]++;
			continue;
		}
		report.findings.push({ seed, what: reply.what });
		if (reply.kind === 'lost') child = null;
	}
	if (child !== null) {
		const ended = once(child, 'exit');
		child.disconnect();
		await ended;
	}
	return report;
}

async function startChild(script: string, target: string): Promise<ChildProcess> {
	const child = fork(script, [target], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
	const reply = await nextReply(child, START_TIMEOUT_MS);
	if (reply.kind !== 'ready') {
		throw new Error(`${target}: the fuzzer did not start: ${JSON.stringify(reply)}`);
	}
	return child;
}

type Answer = Exclude<Reply, { kind: 'ready' }> | { kind: 'lost'; what: string };

async function ask(child: ChildProcess, seed: number): Promise<Answer> {
	const reply = nextReply(child, MUTANT_TIMEOUT_MS);
	child.send({ seed });
	const answer = await reply;
	return answer.kind === 'ready' ? { kind: 'lost', what: 'the child started twice' } : answer;
}

/** Waits for the next reply of the child; `lost` if it dies, or if it hangs, in which case it is ended. */
function nextReply(
	child: ChildProcess,
	timeoutMs: number
): Promise<Reply | { kind: 'lost'; what: string }> {
	return new Promise((resolve) => {
		let stderr = '';
		const hear = (chunk: Buffer): void => void (stderr += chunk.toString());
		const settle = (reply: Reply | { kind: 'lost'; what: string }): void => {
			clearTimeout(timer);
			child.off('message', answered).off('exit', died);
			child.stderr?.off('data', hear);
			resolve(reply);
		};
		const answered = (reply: Reply): void => settle(reply);
		const died = (code: number | null, signal: string | null): void =>
			settle({ kind: 'lost', what: `the process ended (${signal ?? code ?? ''}): ${stderr}` });
		const timer = setTimeout(() => {
			child.off('exit', died);
			child.kill('SIGKILL');
			settle({ kind: 'lost', what: `no answer within ${timeoutMs / 1000} s` });
		}, timeoutMs);
		child.on('message', answered).on('exit', died);
		child.stderr?.on('data', hear);
	});
}
