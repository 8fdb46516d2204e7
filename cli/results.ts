import { Option, type Command } from 'commander';
import { workspaceRows, type Value } from '../analysis/measure/overview/rows.ts';
import {
	overviewTable,
	OVERVIEWS,
	type Overview,
	type OverviewTable
} from '../analysis/measure/overview/table.ts';
import { csv } from '../analysis/text/csv.ts';
import { formatPercent, formatTime, formatValue } from '../analysis/text/number.ts';
import { homeOf } from './found.ts';
import { print, printJson, say, type Io } from './io.ts';
import { withSharedOptions, type SharedOptions } from './options.ts';
import { formatTable } from './table.ts';

const HELP = `
measurements: every run and stored measurement. plans: every plan that was evaluated, searched for or tuned (untuned and
tuned), ranked within its model by loss increase. spans: spans and dropped layers of damage maps, each by itself.
similarity is the mean cosine (view all) of followers to their sources. Losses are in nats/token with 95% CIs, measured;
saved is the fraction of the KV cache, predicted.

--where keeps rows: a column, one of = != < <= > >= ~ or : (contains), and a value. tag:paper is one of the tags, name:
what spanwise label calls a run or result. Ranks count all rows; what is pinned comes first.

Example:
  spanwise results
  spanwise results --of plans --where 'model=mini-llama2' --where 'loss<0.1'
  spanwise results --where tag:paper --where pinned=yes
  spanwise results --of spans --format csv > spans.csv`;

type Format = 'table' | 'csv' | 'json';
interface ResultsOptions extends SharedOptions {
	of: Overview;
	where?: string[];
	format: Format;
}

export function registerResults(program: Command, io: Io): void {
	withSharedOptions(
		program
			.command('results')
			.description('list runs, measurements, plans and spans of all models in the workspace')
			.addOption(
				new Option('--of <rows>', 'what is listed').choices(OVERVIEWS).default('measurements')
			)
			.option(
				'--where <condition>',
				'keep rows that meet it; may be repeated',
				(condition: string, before?: string[]) => [...(before ?? []), condition]
			)
			.addOption(
				new Option('--format <format>', 'how it is printed')
					.choices(['table', 'csv', 'json'])
					.default('table')
			),
		'print JSON, the same as --format json'
	)
		.addHelpText('after', HELP)
		.action(async ({ of, where, format, json, home }: ResultsOptions) => {
			const rows = await workspaceRows(homeOf({ home }, io));
			const table = overviewTable(rows, of, where);
			if (json || format === 'json') printJson(io, table.rows);
			else if (format === 'csv') print(io, overviewCsv(table));
			else if (table.rows.length === 0) say(io, `No ${of}.`);
			else print(io, overviewText(table));
		});
}

function overviewCsv({ columns, rows }: OverviewTable): string {
	return csv([columns, ...rows.map((row) => columns.map((name) => row[name]))]);
}

function overviewText({ columns, rows }: OverviewTable): string {
	const shownColumns = columns.filter((name) => !isLeftOut(name, rows));
	return formatTable(
		rows,
		shownColumns.map((name) => ({
			title: name.toUpperCase(),
			value: (row: Record<string, Value>) => shown(name, row[name]),
			align: rows.some((row) => typeof row[name] === 'number') ? 'right' : 'left'
		}))
	);
}

/** Notes are too long for a table, and columns of labels are empty where nothing has one; other formats have all. */
function isLeftOut(column: string, rows: OverviewTable['rows']): boolean {
	if (column === 'note') return true;
	return ['label', 'tags', 'pinned'].includes(column) && rows.every((row) => row[column] === null);
}

function shown(column: string, value: Value): string | number {
	if (value === null) return '–';
	if (column === 'created') return formatTime(String(value));
	if (typeof value !== 'number' || Number.isInteger(value)) return value;
	return column === 'saved' ? formatPercent(value) : formatValue(value, 4);
}
