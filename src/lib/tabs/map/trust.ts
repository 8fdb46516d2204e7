import type { Agreement } from '$analysis/similarity/rankAgreement.ts';
import { withInterval } from '$analysis/text/interval.ts';
import { formatSigned, formatValue } from '$analysis/text/number.ts';
import type { AgreementRow } from './agreement.ts';

const words = (value: number) => formatSigned(value, (rho) => formatValue(rho, 2));

/** "−0.62 [−0.81, −0.30]"; "–" where there is no rho. */
export function rhoText(agreement: Agreement): string {
	if (agreement.rho === null) return '–';
	return withInterval(agreement.rho, agreement, words);
}

/** The direction that an interval supports: −1: more alike costs less; 1: more alike costs more; 0: neither. */
export function supported({ low, high }: Agreement): -1 | 0 | 1 {
	if (low === null || high === null) return 0;
	return high < 0 ? -1 : low > 0 ? 1 : 0;
}

/** Formats the name of a measure: "cosine (all)", "excess of cosine (no-sink)", "output". */
export function measureName({
	measure,
	metric,
	view
}: Pick<AgreementRow, 'measure' | 'metric' | 'view'>): string {
	if (metric === null || view === null) return measure;
	return `${measure === 'excess' ? 'excess of ' : ''}${metric} (${view})`;
}

/** Can the measure be trusted to rank pairs? Says no more than the intervals support. */
export function trustSentence(row: AgreementRow): string {
	const { within, across } = row;
	const name = measureName(row);
	const ways = [supported(within), supported(across)];
	const answer = ways.includes(1)
		? 'No: it misleads.'
		: ways.every((way) => way === -1)
			? 'It points the right way.'
			: ways.includes(-1)
				? 'In part.'
				: 'Not on this evidence.';
	const inside = {
		[-1]: `among the sources of one follower, the more alike costs less (rho ${rhoText(within)})`,
		0: `it does not say which source of a follower costs least (rho ${rhoText(within)})`,
		1: `among the sources of one follower, the more alike costs more (rho ${rhoText(within)})`
	}[ways[0]];
	const between = {
		[-1]: `followers more alike to their sources cost less (rho ${rhoText(across)})`,
		0: `it does not say which followers cost least (rho ${rhoText(across)})`,
		1: `followers more alike to their sources cost more (rho ${rhoText(across)})`
	}[ways[1]];
	return `${answer} On this text, by ${name}, ${inside}; ${between}.`;
}
