/** Exit code or signal that a process ended with. */
export interface Death {
	code: number | null;
	signal: NodeJS.Signals | null;
}

/** Signals that a program gets for a fault of its own, as onnxruntime does on some models that are valid. */
const CRASHES: readonly string[] = ['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP'];
/** Windows reports an access violation and its kin as an exit code, 0xC0000000 and above. */
const LEAST_WINDOWS_CRASH = 0xc0000000;

/** Tells whether the system or onnxruntime ended a process, as they do where memory runs out. */
export function isOfMemory({ signal }: Death): boolean {
	return signal === 'SIGKILL' || signal === 'SIGABRT';
}

/** Tells whether a process crashed, by the signal or the exit code that it ended with. */
export function isCrash({ code, signal }: Death): boolean {
	return CRASHES.includes(signal ?? '') || (code ?? 0) >= LEAST_WINDOWS_CRASH;
}

/** Says why a process ended that had not finished its task. `who` did; `advice` is on how to take less memory. */
export function deathInWords(death: Death, who: string, advice: string): string {
	const { code, signal } = death;
	if (signal === 'SIGKILL') {
		return `${who} was killed (SIGKILL), most likely because the machine ran out of memory; ${advice}`;
	}
	if (signal === 'SIGABRT') {
		// The tokenizers library aborts as well, where a regular expression of tokenizer.json backtracks without end.
		return `${who} aborted (SIGABRT), most likely because it could not get enough memory; ${advice}. If it printed "panicked", tokenizer.json is at fault`;
	}
	if (isCrash(death)) {
		const how = signal ?? `exit code 0x${(code ?? 0).toString(16)}`;
		return `${who} crashed (${how}): onnxruntime does not survive something in this model; export it again with another version of the exporter, or remove what it was changed by`;
	}
	if (signal !== null) return `${who} was ended by signal ${signal} before it had finished`;
	return `${who} ended with exit code ${code ?? 'unknown'} before it had finished`;
}
