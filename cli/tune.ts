import { resolve } from 'node:path';
import { Option } from 'commander';
import type { HeldOut, Tune, TuneComparison, TunedArm } from '../analysis/measure/tune/types.ts';
import { accuracyText, settingWords } from '../analysis/measure/tune/words.ts';
import { intervalLabel, lossText, questionIntervalLabel } from '../analysis/text/interval.ts';
import { formatDiscordant, formatPercent, formatValue } from '../analysis/text/number.ts';
import { planWords } from '../analysis/text/plan.ts';
import { checkNewFolder } from '../analysis/workspace/wholeFolder.ts';
import type { Own } from './measurement.ts';
import { pythonOption, usePython } from './python.ts';
import { formatFacts, formatTable } from './table.ts';

/** Options and texts of `spanwise tune` beyond those of its kind. */
export const tuneOwn: Own<Tune> = {
	options: [
		new Option(
			'--out <folder>',
			'the tuned model: a new or empty folder (default: in the workspace)'
		),
		pythonOption('that has torch and transformers')
	],
	async prepare({ out, python }) {
		usePython(python);
		if (out !== undefined) await checkNewFolder(resolve(out));
		return {};
	},
	remarks: ({ warning, notes }) => [
		...(warning === null ? [] : [`warning: ${warning}`]),
		...notes.map((note) => `note: ${note}`)
	],
	text: tuneText
};

/** Arms and comparisons, for a person. */
function tuneText({ report, folder, context }: Tune): string {
	const { arms, comparisons, windows, probes, over, questions } = report;
	const percent = ({ accuracy }: HeldOut) =>
		accuracy === undefined ? '–' : formatPercent(accuracy);
	const number = (value: number | null) => formatValue(value);
	const table = formatTable(arms, [
		{ title: 'model', value: ({ arm }) => arm },
		{ title: 'plan', value: ({ sources }) => planWords(sources) },
		{ title: 'loss', value: ({ before }) => number(before.loss), align: 'right' },
		{ title: 'tuned', value: ({ after }) => number(after.loss), align: 'right' },
		{ title: 'recall', value: ({ before }) => number(before.recall), align: 'right' },
		{ title: 'tuned', value: ({ after }) => number(after.recall), align: 'right' },
		...(questions === undefined
			? []
			: [
					{
						title: 'accuracy',
						value: ({ before }: TunedArm) => percent(before),
						align: 'right' as const
					},
					{
						title: 'tuned',
						value: ({ after }: TunedArm) => percent(after),
						align: 'right' as const
					}
				]),
		{ title: 'steps (kept)', value: ({ steps, best }) => `${steps} (${best})`, align: 'right' }
	]);
	const differences = formatTable(comparisons, [
		{ title: 'difference, nats/token', value: ({ words }) => words },
		{ title: 'text', value: ({ text }) => lossText(text) },
		{ title: 'recall', value: ({ recall }) => (recall === null ? '–' : lossText(recall)) },
		...(questions === undefined
			? []
			: [
					{
						title: 'accuracy',
						value: ({ accuracy }: TuneComparison) => (accuracy ? accuracyText(accuracy) : '–')
					},
					{
						title: 'discordant pairs (first : second), McNemar p',
						value: ({ accuracy }: TuneComparison) =>
							accuracy ? formatDiscordant(accuracy.onlyFirst, accuracy.onlySecond, accuracy.p) : '–'
					}
				])
	]);
	const facts = formatFacts([
		['wrote', folder],
		['tuned', settingWords(report)],
		[
			'measured',
			`${windows} × ${context} held-out tokens, ${probes} recall probes; ${intervalLabel(over)}`
		],
		...(questions === undefined
			? []
			: [['', `${questions.asked} questions; ${questionIntervalLabel(questions.over)}`] as const])
	]);
	return `${table}\n${differences}\n${facts}`;
}
