import type { Comparison } from '../compare/types.ts';
import { cardLines as csvCardLines } from '../text/csv.ts';
import { shortHash } from '../text/hash.ts';
import { definitionOf } from '../workspace/run/definition.ts';
import type { RunRecord } from '../workspace/run/types.ts';
import { formatWhole } from '../text/number.ts';

/** The command that prints the same comparison. */
function compareCommand({ runs, metric, view }: Comparison): string {
	return `spanwise compare ${runs.map(({ run }) => run).join(' ')} --metric ${metric} --view ${view}`;
}

/** The definition cards of the compared runs as lines that begin with #, for the top of a CSV file. */
export function cardLines(comparison: Comparison, records: readonly RunRecord[]): string {
	const { metric, view } = comparison;
	const cards = records.map((record) =>
		csvCardLines({ [record.model.name]: definitionOf(record, metric, view) })
	);
	return [...cards, csvCardLines({ command: compareCommand(comparison) })].join('');
}

/** Writes the caption of a comparison's figure: subject, metric, models, texts, and the commands that remake it. */
export function comparisonCaption(
	what: string,
	comparison: Comparison,
	records: readonly RunRecord[]
): string {
	const models = comparison.runs.map(({ name, modelHash }) => `${name} (${shortHash(modelHash)})`);
	const read = records.map(
		({ tokens, windows, context, texts }) =>
			`${formatWhole(tokens)} tokens (${windows.length} × ${context}) of ${texts.map(({ name }) => name).join(', ')}`
	);
	const texts = new Set(read).size === 1 ? [read[0]] : read;
	return [
		`${what}.`,
		`Metric ${comparison.metric}, view ${comparison.view}.`,
		`Models ${models.join(', ')};`,
		`${texts.join('; ')}.`,
		'Layers counted from 0.',
		[...new Set(records.map(({ command }) => command)), compareCommand(comparison)].join('; ')
	].join(' ');
}
