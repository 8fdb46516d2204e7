/** Options of a command, both ways: settings from what was typed, and the words that say settings again. */
import { InputError } from '../errors.ts';

/** One option as commander takes it: "--max-span <layers>"; without a value it is a switch. */
export interface Flag {
	flag: string;
	about: string;
	/** Value of the option's text; throws InputError. A switch has none, nor have `choices`. */
	parse?: (text: string) => unknown;
	/** Words of which the option's text is one. */
	choices?: readonly string[];
	/** Words for the default in --help; left out: its value. */
	defaultWords?: string;
}

/** The options that say one setting. */
export interface SettingFlags<Value> {
	readonly flags: readonly Flag[];
	/** Options of other settings that say something of this one too; their values come after those of `flags`. */
	readonly shares?: readonly string[];
	/** The setting, from the options' values in order; undefined: nothing was said. Throws InputError. */
	read: (values: readonly unknown[]) => Value | undefined;
	/** The words that say it again; none where the command does so of itself. */
	write: (value: Value) => string[];
}

/** The options of each setting, in the order of the command line. A setting that is null has none. */
export type FlagTable<Settings> = {
	readonly [Key in keyof Settings]?: SettingFlags<NonNullable<Settings[Key]>>;
};

/** A setting that one option says. It is left out of a command where it equals `unless`. */
export function oneFlag<Value>(
	flag: Flag & ({ parse: (text: string) => Value } | { choices: readonly (Value & string)[] }),
	unless?: Value
): SettingFlags<Value> {
	return {
		flags: [flag],
		read: ([value]) => value as Value | undefined,
		write: (value) => (same(value, unless) ? [] : [longFlag(flag.flag), textOf(value)])
	};
}

/** A setting that is on where its switch is given. */
export function switchFlag(flag: Omit<Flag, 'parse'>): SettingFlags<boolean> {
	return {
		flags: [flag],
		read: ([value]) => value === true,
		write: (value) => (value ? [longFlag(flag.flag)] : [])
	};
}

/** "--max-span <layers>" → "--max-span" */
export function longFlag(flag: string): string {
	return flag.split(' ')[0];
}

/** Name of an option's value: "--max-span <layers>" → "maxSpan". */
export function optionName(flag: string): string {
	return longFlag(flag)
		.replace(/^--/, '')
		.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** The settings that options say, by key; not there: nothing was said. Throws InputError. */
export function readFlags(
	table: FlagTable<object>,
	options: Readonly<Record<string, unknown>>
): Record<string, unknown> {
	const said = entriesOf(table).map(([key, { flags, shares = [], read }]) => {
		const names = [...flags.map(({ flag }) => flag), ...shares];
		return [key, read(names.map((name) => options[optionName(name)]))];
	});
	return Object.fromEntries(said.filter(([, value]) => value !== undefined)) as Record<
		string,
		unknown
	>;
}

/** The words that say settings again. */
export function writeFlags(table: FlagTable<object>, settings: object): string[] {
	const values = new Map<string, unknown>(Object.entries(settings));
	return entriesOf(table).flatMap(([key, { write }]) => {
		const value = values.get(key);
		return value === undefined || value === null ? [] : write(value);
	});
}

/** Exactly one of some values, which are those of `names`. Throws InputError where none or more are given. */
export function exactlyOne<Value>(
	what: string,
	names: readonly string[],
	given: readonly (Value | undefined)[]
): Value {
	const found = given.filter((value) => value !== undefined);
	if (found.length === 1) return found[0];
	const list = `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
	throw new InputError(
		`${what}: ${found.length === 0 ? 'none' : found.length} given; expected exactly one of ${list}`
	);
}

function entriesOf(table: FlagTable<object>): [string, SettingFlags<unknown>][] {
	return Object.entries(table as Readonly<Record<string, SettingFlags<unknown>>>);
}

function same(value: unknown, other: unknown): boolean {
	return JSON.stringify(value) === JSON.stringify(other);
}

function textOf(value: unknown): string {
	return Array.isArray(value) ? value.join(',') : String(value);
}
