/** A result's parts by its kind, for what knows no kind. */
import type { Plan } from '../../plan/types.ts';
import { resultKindOf } from '../lookup.ts';
import type { MeasuredResult } from './types.ts';

/** Builds a measured result, as result.json has it. `plan`: that of a kind that takes one. */
export function resultOf(kind: string, figures: object, plan: Plan | null): MeasuredResult {
	const { key, takes } = resultKindOf(kind);
	const result: object = { kind, ...(takes.includes('plan') && { plan }), [key]: figures };
	// The kind's own type of result, whichever it is.
	return result as MeasuredResult;
}

/** The figures of a result. */
export function figuresOf(result: MeasuredResult): object {
	const { key } = resultKindOf(result.kind);
	const parts = new Map<string, object>(Object.entries(result));
	return parts.get(key) ?? {};
}

/** The plan that was measured; null: the kind takes none. */
export function planOf(result: MeasuredResult): Plan | null {
	return 'plan' in result ? result.plan : null;
}

/** The plan among the settings of a measurement; null: the kind takes none. */
export function planSetting(settings: object): Plan | null {
	// Settings were parsed by their kind's schema.
	return 'plan' in settings ? (settings.plan as Plan) : null;
}
