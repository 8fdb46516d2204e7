import type { Kind, Measurement } from './kind.ts';
import { KINDS, MEASUREMENTS } from './kinds.ts';

/** The kind of that name. Throws where there is none: names were checked where they came from outside. */
export function kindOf(name: string): Kind {
	const kind = kinds().find(({ kind }) => kind === name);
	if (kind === undefined) throw new Error(`${name}: no kind of measurement`);
	return kind;
}

/** As `kindOf`, of those that make a result. */
export function measurementOf(name: string): Measurement {
	const kind = measurements().find(({ kind }) => kind === name);
	if (kind === undefined) throw new Error(`${name}: no kind of measurement`);
	return kind;
}

/** All kinds, for loops, which know nothing of any. */
export function kinds(): readonly Kind[] {
	return KINDS;
}

export function measurements(): readonly Measurement[] {
	return MEASUREMENTS;
}
