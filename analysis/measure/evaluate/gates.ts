import * as v from 'valibot';
import { parseUntrusted } from '../../edge/parse.ts';
import { InputError, isInputError } from '../../errors.ts';
import type { GateReport, Gates, JudgedGate, Verdict } from './types.ts';

/** The form of gates; `parseGates` says better what is wrong with them. */
const gatesSchema: v.GenericSchema<unknown, Gates> = v.strictObject({
	maxLossIncrease: v.optional(v.pipe(v.number(), v.finite())),
	minAgreement: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
	maxAccuracyDrop: v.optional(v.pipe(v.number(), v.minValue(-1), v.maxValue(1))),
	maxProbeDrop: v.optional(v.pipe(v.number(), v.minValue(-1), v.maxValue(1)))
});

/** Gates read from outside; `where` names the file. Throws InputError naming the key at fault. */
export function parseGates(json: unknown, where: string): Gates {
	// To a schema of objects a list is an object without keys: no gates at all.
	try {
		return parseUntrusted(gatesSchema, Array.isArray(json) ? 'a list' : json, where);
	} catch (error) {
		if (!isInputError(error)) throw error;
		throw new InputError(
			`${error.message}; allowed: maxLossIncrease, minAgreement from 0 to 1, maxAccuracyDrop and maxProbeDrop from -1 to 1`,
			{ cause: error }
		);
	}
}

/** A figure with its 95% interval; null bounds: none could be worked out. */
export interface Estimated {
	value: number;
	low: number | null;
	high: number | null;
}

/**
 * Judges each gate on the figure's whole interval: it passes where the interval lies on the right side of the
 * limit (the limit itself included), fails where it lies on the wrong side, and is inconclusive where the
 * limit falls within it or there is no interval. null where no gate is given.
 */
export function judgeGates(
	gates: Gates,
	figures: {
		lossIncrease: Estimated;
		agreement: Estimated;
		accuracyDrop?: Estimated;
		/** By what they are of. */
		probeDrops?: readonly (Estimated & { of: string })[];
	}
): GateReport | null {
	const judged: JudgedGate[] = [];
	if (gates.maxLossIncrease !== undefined)
		judged.push(atMost('maxLossIncrease', figures.lossIncrease, gates.maxLossIncrease));
	if (gates.minAgreement !== undefined)
		judged.push(atLeast('minAgreement', figures.agreement, gates.minAgreement));
	if (gates.maxAccuracyDrop !== undefined && figures.accuracyDrop !== undefined)
		judged.push(atMost('maxAccuracyDrop', figures.accuracyDrop, gates.maxAccuracyDrop));
	if (gates.maxProbeDrop !== undefined)
		for (const { of, ...drop } of figures.probeDrops ?? [])
			judged.push({ ...atMost('maxProbeDrop', drop, gates.maxProbeDrop), of });
	if (judged.length === 0) return null;
	const given = judged.map(({ verdict }) => verdict);
	const worst = (['fail', 'inconclusive'] as const).find((verdict) => given.includes(verdict));
	return { verdict: worst ?? 'pass', judged };
}

function atMost(gate: keyof Gates, figure: Estimated, limit: number): JudgedGate {
	const { value, low, high } = figure;
	let verdict: Verdict = 'inconclusive';
	if (high !== null && high <= limit) verdict = 'pass';
	if (low !== null && low > limit) verdict = 'fail';
	return { gate, limit, value, low, high, verdict, excess: value - limit };
}

function atLeast(gate: keyof Gates, figure: Estimated, limit: number): JudgedGate {
	const { value, low, high } = figure;
	let verdict: Verdict = 'inconclusive';
	if (low !== null && low >= limit) verdict = 'pass';
	if (high !== null && high < limit) verdict = 'fail';
	return { gate, limit, value, low, high, verdict, excess: limit - value };
}
