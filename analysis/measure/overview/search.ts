import { InputError } from '../../errors.ts';
import type { Value } from './rows.ts';
import { meets, parseWhere, type Condition } from './where.ts';

/** Parsed line of search: a row has to meet every condition, and have every word in some column. */
export interface Search {
	conditions: Condition[];
	/** In lower case. */
	words: string[];
}

/** Terms between blanks; what stands in double quotes is held together. */
const TERM = /(?:[^\s"]|"[^"]*"?)+/g;

/**
 * Parses a line of search: words, and conditions as `parseWhere` takes them, between blanks; a value with blanks stands in
 * double quotes: `tag:paper model:llama loss<0.1 name:"first try"`. A word in quotes is no condition. Throws InputError
 * naming the columns that there are.
 */
export function parseSearch(text: string, columns: readonly string[]): Search {
	const search: Search = { conditions: [], words: [] };
	for (const term of text.match(TERM) ?? []) {
		const bare = term.replaceAll('"', '');
		if (!term.startsWith('"') && /[:=<>~]/.test(term)) {
			search.conditions.push(searched(bare, columns));
		} else if (bare !== '') search.words.push(bare.toLowerCase());
	}
	return search;
}

/** Is a row asked for? */
export function isFound(
	row: Readonly<Record<string, Value>>,
	{ conditions, words }: Search
): boolean {
	if (!conditions.every((condition) => meets(row[condition.column] ?? null, condition)))
		return false;
	const text = Object.values(row).join('\u0000').toLowerCase();
	return words.every((word) => text.includes(word));
}

/** A condition as a term of a line of search. */
export function searchTerm(condition: string): string {
	const [, column = '', operator = '', value = ''] =
		/^\s*([a-z]+)\s*([<>!]?=|[<>~:])\s*(.*?)\s*$/i.exec(condition) ?? [];
	return column === ''
		? condition
		: `${column}${operator}${/\s/.test(value) ? `"${value}"` : value}`;
}

function searched(term: string, columns: readonly string[]): Condition {
	let condition: Condition;
	try {
		condition = parseWhere(term, columns);
	} catch (error) {
		throw new InputError(
			`search: ${term}: expected a column, one of : = != < <= > >= and a value, such as tag:paper, or the term in double quotes; columns: ${columns.join(', ')}`,
			{ cause: error }
		);
	}
	if (condition.value === '')
		throw new InputError(
			`search: ${term}: no value; expected one after ${condition.operator}, in double quotes where it has blanks`
		);
	return condition;
}
