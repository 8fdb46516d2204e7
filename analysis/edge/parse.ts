import * as v from 'valibot';
import { InputError } from '../errors.ts';
import { quoted } from './quote.ts';

/**
 * Parses a value from outside with a schema and stops at the first problem, which becomes one short line:
 * `where: key: found X; expected Y`. Everything that a file, a request or another program gives passes through
 * here, so that no message grows with the input. Throws InputError.
 */
export function parseUntrusted<Schema extends v.GenericSchema>(
	schema: Schema,
	value: unknown,
	where: string
): v.InferOutput<Schema> {
	const result = v.safeParse(schema, value, { abortEarly: true, abortPipeEarly: true });
	if (result.success) return result.output;
	const [issue] = result.issues;
	const path = v.getDotPath(issue);
	const key = path === null ? '' : ` ${quoted(path)}:`;
	throw new InputError(`${where}:${key} ${problem(issue)}`);
}

/** The output of `schema` for a value from outside; null where it does not fit and that is no error. */
export function parseOrNull<Schema extends v.GenericSchema>(
	schema: Schema,
	value: unknown
): v.InferOutput<Schema> | null {
	const result = v.safeParse(schema, value, { abortEarly: true, abortPipeEarly: true });
	return result.success ? result.output : null;
}

/** An array whose length is checked before its items are, so that a long one costs nothing. */
export function boundedArray<Item extends v.GenericSchema>(item: Item, most: number) {
	return v.pipe(
		// Not v.array, which goes through the items.
		v.custom<unknown[]>(Array.isArray, ({ received }) => `found ${received}; expected an array`),
		v.maxLength(most, `more than ${most} entries; at most ${most} are allowed`),
		v.array(item)
	);
}

/** A schema's own message where it has one, else what was found and what is allowed. */
function problem(issue: v.BaseIssue<unknown>): string {
	const own = issue.message.startsWith('Invalid ') ? null : quoted(issue.message);
	const found = `found ${quoted(issue.received)}; expected`;
	// What a pattern is for says more than the pattern, and needs the value beside it.
	if (own !== null) return issue.type === 'regex' ? `${found} ${own}` : own;
	if (issue.received === 'undefined') return 'is missing';
	if (issue.type === 'integer' || issue.type === 'safe_integer') return `${found} a whole number`;
	if (issue.expected === 'never') return 'not known here';
	return `${found} ${quoted(issue.expected ?? issue.message)}`;
}
