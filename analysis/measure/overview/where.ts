import { InputError } from '../../errors.ts';
import type { Value } from './rows.ts';

/** A condition on one column. */
export interface Condition {
	column: string;
	operator: ':' | '=' | '!=' | '<' | '<=' | '>' | '>=' | '~';
	value: string;
}

/** A column, what is asked of it, a value: "loss<=0.1", "model=mini-llama2", "tag:paper". */
const CONDITION = /^\s*([a-z]+)\s*(<=|>=|!=|=|<|>|~|:)\s*(.*?)\s*$/i;

/** Names that a column may be called by, where there is none of that name. */
const ALIASES: Readonly<Partial<Record<string, string>>> = {
	tag: 'tags',
	text: 'texts',
	name: 'label'
};

/** Columns that hold a list of words: a condition is about one of them. */
const LISTS = ['tags'];

/** Parses a condition. Throws InputError naming the columns that there are. */
export function parseWhere(text: string, columns: readonly string[]): Condition {
	const [, column = '', operator = '', value = ''] = CONDITION.exec(text) ?? [];
	const name = column.toLowerCase();
	const known = columns.find((each) => each === name) ?? ALIASES[name];
	if (known === undefined || !columns.includes(known) || !isOperator(operator))
		throw new InputError(
			`where: ${text}; expected a column, one of = != < <= > >= ~ or : (contains), and a value; columns: ${columns.join(', ')}`
		);
	return { column: known, operator, value };
}

/** Does a value meet a condition? Numbers compare as numbers, text as text; what is missing meets only "!=". */
export function meets(value: Value, { column, operator, value: wanted }: Condition): boolean {
	if (value === null) return operator === '!=';
	if (LISTS.includes(column) && ['=', '!=', ':'].includes(operator)) {
		const has = String(value).split(' ').includes(wanted.toLowerCase());
		return has === (operator !== '!=');
	}
	if (operator === '~' || operator === ':')
		return String(value).toLowerCase().includes(wanted.toLowerCase());
	const order =
		typeof value === 'number'
			? Math.sign(value - Number(wanted))
			: Number(value > wanted) - Number(value < wanted);
	return {
		'=': order === 0,
		'!=': order !== 0,
		'<': order < 0,
		'<=': order <= 0,
		'>': order > 0,
		'>=': order >= 0
	}[operator];
}

function isOperator(text: string): text is Condition['operator'] {
	return [':', '=', '!=', '<', '<=', '>', '>=', '~'].includes(text);
}
