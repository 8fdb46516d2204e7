import { InvalidArgumentError, Option, type Command } from 'commander';
import { InputError } from '../analysis/errors.ts';
import { matrixCsv } from '../analysis/text/csv.ts';
import { definitionOf } from '../analysis/workspace/run/definition.ts';
import { similarityCsv } from '../analysis/workspace/run/similarityFiles.ts';
import { readSums } from '../analysis/workspace/run/read.ts';
import type { RunRecord } from '../analysis/workspace/run/types.ts';
import { headBlock } from '../analysis/similarity/measure.ts';
import { excessMatrix } from '../analysis/similarity/null.ts';
import { similarityOf } from '../analysis/similarity/similarity.ts';
import type { Metric, Similarity, View } from '../analysis/similarity/types.ts';
import { overWords } from '../analysis/text/interval.ts';
import { formatValue } from '../analysis/text/number.ts';
import { SHOWN_WORDS } from '../analysis/similarity/shown.ts';
import { findRun } from './found.ts';
import { print, printJson, say, type Io } from './io.ts';
import { checkMeasured, measuredWords } from './measured.ts';
import { metricOption, viewOption, withSharedOptions, type SharedOptions } from './options.ts';
import { formatTable } from './table.ts';

const HELP = `
RUN is a run's folder or its id in the workspace. Row l, column m: layer l against layer m, counted from 0.
JSON: {metric, view, matrix, null, low, high}; null: the same cosine between different texts; low and high:
95% intervals. Either is null where it is not defined (one window, metrics without it). With --excess the
matrix is (similarity − null) / (1 − null) and low and high are null. With --heads: {metric, view, heads,
matrix}, rows the heads of L, columns those of M.

Examples (llama2-run: made by the example of spanwise analyze):
  spanwise similarity llama2-run --metric hellinger --view no-sink
  spanwise similarity llama2-run --excess --format table
  spanwise similarity llama2-run --heads 3,4 --format csv > heads.csv`;

type Format = 'json' | 'csv' | 'table';

interface SimilarityOptions extends SharedOptions {
	metric: Metric;
	view: View;
	heads?: [number, number];
	excess?: boolean;
	format: Format;
}

export function registerSimilarity(program: Command, io: Io): void {
	withSharedOptions(
		program
			.command('similarity')
			.description('print the layer-similarity matrix of a run')
			.argument('<run>', "a run's folder or id")
			.addOption(metricOption())
			.addOption(viewOption())
			.option('--heads <L,M>', 'the heads of two layers instead (cosine, hellinger)', twoLayers)
			.option('--excess', 'how far similarity lies above its null (cosines, two windows or more)')
			.addOption(
				new Option('--format <format>', 'form of the output')
					.choices(['json', 'csv', 'table'])
					.default('json')
			),
		'print JSON, as --format json'
	)
		.addHelpText('after', HELP)
		.action(async (run: string, options: SimilarityOptions) => {
			const { folder, record } = await findRun(run, options, io);
			const { metric, view } = options;
			checkMeasured(record, metric, view);
			const sums = await readSums(folder, record, view);
			const format = options.json ? 'json' : options.format;
			if (options.heads) {
				if (options.excess) throw new InputError('--excess: not defined for heads; leave one out');
				const matrix = headBlock(sums, metric, ...options.heads);
				printHeads(io, record, { metric, view, heads: options.heads, matrix }, format);
				return;
			}
			const documents = record.windows.map(({ document }) => document);
			const similarity = similarityOf(sums, metric, documents);
			printLayers(io, record, options.excess ? excessOf(similarity) : similarity, format, options);
		});
}

/** The excess in place of the similarity; its intervals are not known, because the null has one too. */
function excessOf(similarity: Similarity): Similarity {
	if (similarity.null === null) {
		throw new InputError(
			`--excess: ${similarity.metric} has no null in this run; it takes a cosine and two windows or more`
		);
	}
	const matrix = excessMatrix(similarity.matrix, similarity.null);
	return { ...similarity, matrix, low: null, high: null, interval: null };
}

function printLayers(
	io: Io,
	record: RunRecord,
	similarity: Similarity,
	format: Format,
	{ excess = false }: SimilarityOptions
): void {
	const { metric, view, layers, matrix } = similarity;
	const what = `${excess ? 'excess of ' : ''}${metric} over its null`;
	if (format === 'json') {
		if (similarity.interval === 'blocks') {
			say(io, `intervals: ${overWords('blocks')}`);
		}
		const rows = (values: Float64Array | null) => values && rowsOf(values, layers);
		printJson(io, {
			metric,
			view,
			...(excess && { excess }),
			matrix: rows(matrix),
			null: rows(similarity.null),
			low: rows(similarity.low),
			high: rows(similarity.high)
		});
	} else if (format === 'csv') {
		const values = excess ? `${SHOWN_WORDS.excess} (${metric})` : undefined;
		print(io, similarityCsv(record, { metric, view, values }, matrix));
	} else {
		print(io, `${excess ? `${what} · ` : ''}${measuredWords(record, metric, view)}\n`);
		print(io, matrixTable(matrix, layers, 'layer'));
	}
}

function printHeads(
	io: Io,
	record: RunRecord,
	block: { metric: Metric; view: View; heads: [number, number]; matrix: Float64Array },
	format: Format
): void {
	const { metric, view, heads, matrix } = block;
	const width = record.model.heads;
	const [l, m] = heads;
	if (format === 'json') {
		printJson(io, { metric, view, heads, matrix: rowsOf(matrix, width) });
	} else if (format === 'csv') {
		print(io, `# rows: heads of layer ${l}; columns: heads of layer ${m}\n`);
		print(io, matrixCsv(matrix, width, definitionOf(record, metric, view), 'head'));
	} else {
		print(io, `${measuredWords(record, metric, view)}\n`);
		print(io, `rows: heads of layer ${l}; columns: heads of layer ${m}\n`);
		print(io, matrixTable(matrix, width, 'head'));
	}
}

function matrixTable(matrix: Float64Array, size: number, axis: string): string {
	const indices = Array.from({ length: size }, (_, index) => index);
	return formatTable(indices, [
		{ title: axis, value: (row) => row, align: 'right' },
		...indices.map((column) => ({
			title: `${column}`,
			value: (row: number) => formatValue(matrix[row * size + column]),
			align: 'right' as const
		}))
	]);
}

function rowsOf(matrix: Float64Array, columns: number): number[][] {
	return Array.from({ length: matrix.length / columns }, (_, row) =>
		Array.from(matrix.subarray(row * columns, (row + 1) * columns))
	);
}

function twoLayers(text: string): [number, number] {
	const match = /^\s*(\d+)\s*,\s*(\d+)\s*$/.exec(text);
	if (!match) throw new InvalidArgumentError('expected two layers such as 3,4');
	return [Number(match[1]), Number(match[2])];
}
