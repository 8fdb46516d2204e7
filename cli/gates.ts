import { readJsonFile } from '../analysis/edge/json.ts';
import { parseGates } from '../analysis/measure/evaluate/gates.ts';
import { askedWords, GATE_WORDS } from '../analysis/measure/evaluate/gateWords.ts';
import type { GateReport, Gates, JudgedGate, Verdict } from '../analysis/measure/evaluate/types.ts';
import { formatValue } from '../analysis/text/number.ts';
import { say, type Io } from './io.ts';

const EXIT_CODES: Record<Exclude<Verdict, 'pass'>, number> = { fail: 3, inconclusive: 4 };

/** The work is done and reported, but a gate was not passed; nothing more is said of it. */
export class GatesNotPassed extends Error {
	override name = 'GatesNotPassed';
	readonly exitCode: number;

	constructor(verdict: keyof typeof EXIT_CODES) {
		super(`gates: ${verdict}`);
		this.exitCode = EXIT_CODES[verdict];
	}
}

/** Gates of a file; none where no file is named. Throws InputError for a file that is none. */
export async function gatesFrom(file: string | undefined): Promise<Gates> {
	return file === undefined ? {} : parseGates(await readJsonFile(file), file);
}

/** Says of each gate what became of it, on stderr. Throws GatesNotPassed where not all of them passed. */
export function enforceGates(report: GateReport | null, io: Io): void {
	if (report === null) return;
	for (const judged of report.judged) say(io, gateText(judged));
	if (report.verdict !== 'pass') throw new GatesNotPassed(report.verdict);
}

const FLAGS: Record<keyof Gates, string> = {
	maxLossIncrease: '--max-loss-increase',
	minAgreement: '--min-agreement',
	maxAccuracyDrop: '--max-accuracy-drop',
	maxProbeDrop: '--max-probe-drop'
};

const DIGITS = 4;

/** "gate --min-agreement: fail: top-1 agreement 0.8100 [0.7900, 0.8300], at least 0.9000; missed by 0.0900" */
function gateText(judged: JudgedGate): string {
	const { gate, of, value, low, high, verdict } = judged;
	const { name } = GATE_WORDS[gate];
	const text = (number: number) => formatValue(number, DIGITS);
	const interval =
		low === null || high === null
			? 'no interval from a single window'
			: `[${text(low)}, ${text(high)}]`;
	const why = verdict === 'inconclusive' ? `; ${inconclusiveWords(gate, low)}` : '';
	const about = of === undefined ? name : `${name} (${of})`;
	return `gate ${FLAGS[gate]}: ${verdict}: ${about} ${text(value)} ${interval}, ${askedWords(judged, text)}${why}`;
}

/** Advice that narrows the interval of each gate. */
const MORE: Record<keyof Gates, string> = {
	maxLossIncrease: 'use more windows (--windows)',
	minAgreement: 'use more windows (--windows)',
	maxAccuracyDrop: 'ask more questions',
	maxProbeDrop: 'give more lengths (--probes)'
};

/** Says why a gate is not decided, and what would decide it. */
function inconclusiveWords(gate: keyof Gates, low: number | null): string {
	const more = MORE[gate];
	return low === null
		? `without an interval nothing is decided: ${more}`
		: `the limit lies within the interval: ${more}`;
}
