/** How a process ended. */
interface Death {
	code: number | null;
	signal: NodeJS.Signals | null;
}

/** Whether the system or onnxruntime ended a process, as they do where memory runs out. */
export function isOfMemory({ signal }: Death): boolean {
	return signal === 'SIGKILL' || signal === 'SIGABRT';
}

/** Why a process ended that had not finished its task. `who` did; `advice` is on how to take less memory. */
export function deathInWords({ code, signal }: Death, who: string, advice: string): string {
	if (signal === 'SIGKILL') {
		return `${who} was killed (SIGKILL), most likely because the machine ran out of memory; ${advice}`;
	}
	if (signal === 'SIGABRT') {
		return `${who} aborted (SIGABRT), most likely because it could not get enough memory; ${advice}`;
	}
	if (signal !== null) return `${who} was ended by signal ${signal} before it had finished`;
	return `${who} ended with exit code ${code ?? 'unknown'} before it had finished`;
}
