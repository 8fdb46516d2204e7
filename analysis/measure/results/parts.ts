import { resultKindOf } from '../lookup.ts';
import type { ResultParts } from './folder.ts';
import { figuresOf } from './result.ts';
import type { StoredResult } from './types.ts';

/** A measurement as it is stored: what it is about is taken from its figures. */
export function partsOf(
	result: StoredResult['result'],
	{ command, telemetry }: Pick<StoredResult, 'command' | 'telemetry'>
): ResultParts {
	const about = resultKindOf(result.kind).about(figuresOf(result));
	return { ...about, command, telemetry, result };
}
