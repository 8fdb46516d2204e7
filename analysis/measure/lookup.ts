/** The kinds by name, for loops that know nothing of any. */
import type { Analysis, Measurement, Stored } from './kind.ts';
import { IMPORTED, KINDS, MEASUREMENTS } from './kinds.ts';

/** All kinds. */
export function kinds(): readonly (Analysis | Measurement)[] {
	return KINDS;
}

/** Those that make a result. */
export function measurements(): readonly Measurement[] {
	return MEASUREMENTS;
}

/** Returns the kinds that a result may be of, measured or imported. */
export function resultKinds(): readonly Stored[] {
	return [...MEASUREMENTS, ...IMPORTED];
}

/** As `kindOf`, of what results are of. */
export function resultKindOf(name: string): Stored {
	return named(resultKinds(), name);
}

/** The kind of that name. Throws where there is none: names are checked where they come from outside. */
export function kindOf(name: string): Analysis | Measurement {
	return named(kinds(), name);
}

/** As `kindOf`, of those that make a result. */
export function measurementOf(name: string): Measurement {
	return named(measurements(), name);
}

/** Returns true if a kind makes a result; otherwise it makes a run. */
export function isMeasurement(kind: Analysis | Measurement): kind is Measurement {
	return 'figures' in kind;
}

function named<Of extends { kind: string }>(list: readonly Of[], name: string): Of {
	const found = list.find(({ kind }) => kind === name);
	if (found === undefined) throw new Error(`${name}: no kind of measurement`);
	return found;
}
