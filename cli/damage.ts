import { Option } from 'commander';
import type { Damage } from '../analysis/measure/damage/types.ts';
import { formatPercent, formatWhole } from '../analysis/text/number.ts';
import { damageText } from './damageText.ts';
import type { Own } from './measurement.ts';

/** Options and texts of `spanwise damage` beyond those of its kind. */
export const damageOwn: Own<Damage> = {
	options: [
		new Option('--out <file>', 'where results are kept as they come (default: in the workspace)')
	],
	remarks({ report }) {
		const { done, naive } = report.evaluations;
		return [
			`layer evaluations: ${formatWhole(done)}; each case run by itself: ${formatWhole(naive)} (${formatPercent(done / naive)})`
		];
	},
	text: damageText
};
