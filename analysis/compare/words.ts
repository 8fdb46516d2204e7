import { roughWords, type Interval } from '../statistics/resample.ts';
import { overWords } from '../text/interval.ts';
import { formatValue } from '../text/number.ts';
import { answerWords } from './answer.ts';
import { isApart, ROUNDING } from './apart.ts';
import type { ComparedModel, ComparedPair, Comparison } from './types.ts';

/** An interval of the peak wider than this does not say where along the depth it is. */
const WIDEST_PEAK = 0.5;
/** Stretches of depth shorter than this (three of the compared points) are not worth a sentence. */
const SHORTEST_STRETCH = 0.1 - 1e-9;

/**
 * Writes the findings as sentences about these checkpoints and this text, the answer first. A difference is stated only
 * where its 95% interval excludes 0 and is more than rounding; where none does, the sentence says that it is not
 * settled.
 */
export function summaryWords({ runs, pairs }: Pick<Comparison, 'runs' | 'pairs'>): string[] {
	const answer = answerWords({ runs, pairs });
	return [
		...(answer === null ? [] : [answer]),
		...pairs.flatMap((pair) => pairWords(pair, runs[pair.first], runs[pair.second])),
		...peakWords(runs),
		...intervalWords(runs)
	];
}

function intervalWords(runs: readonly ComparedModel[]): string[] {
	const overs = new Set(runs.map(({ over }) => over));
	const fewest = Math.min(...runs.map(({ windows }) => windows));
	const sentences: string[] = [];
	if (overs.has('blocks')) sentences.push(`CIs are ${overWords('blocks')}.`);
	if (overs.has('documents')) sentences.push(`CIs are ${overWords('documents')}.`);
	const rough = roughWords(fewest, 'they');
	return sentences.length > 0 && rough !== null ? [...sentences, rough] : sentences;
}

function peakWords(runs: readonly ComparedModel[]): string[] {
	const measured = runs.filter(({ over }) => over !== null);
	const settled = measured.filter(({ figures }) => width(figures.peakDepth) <= WIDEST_PEAK);
	const open = measured.filter((run) => !settled.includes(run));
	const sentences: string[] = [];
	if (settled.length > 0) {
		const places = settled.map(({ name, figures: { peakDepth } }) => {
			const [low, high] = [peakDepth.low, peakDepth.high].map(depth);
			return `${low === high ? low : `${low}–${high}`} in ${name}`;
		});
		sentences.push(
			`Similarity of neighbouring layers peaks at relative depth ${places.join(', ')} (95% CI).`
		);
	}
	if (open.length > 0)
		sentences.push(
			`Where along the depth neighbouring layers are most alike, this text does not settle for ${listed(open.map(({ name }) => name))}.`
		);
	return sentences;
}

function pairWords(pair: ComparedPair, a: ComparedModel, b: ComparedModel): string[] {
	const names = `${a.name} and ${b.name}`;
	if (pair.paired === null)
		return [`No difference between ${names} is stated: ${pair.notPaired ?? 'not paired'}.`];
	const { summary, curve } = pair.paired;
	const largest = pair.map.difference.flat().reduce((most, of) => Math.max(most, Math.abs(of)), 0);
	if (!pair.map.atDepth && largest <= ROUNDING)
		return [
			largest === 0
				? `${names} attend alike: every similarity of two layers is the same.`
				: `${names} attend alike: every similarity of two layers agrees to ${atMost(largest)}, which is rounding: as the same weights in two forms do.`
		];
	const sentences = [
		differenceWords('Mean similarity of neighbouring layers', summary.nextLayer, a, b),
		differenceWords('Mean similarity over all pairs of layers', summary.pairs, a, b)
	];
	if (isApart(summary.peakDepth)) {
		const [deeper, shallower] = summary.peakDepth.value > 0 ? [a, b] : [b, a];
		const by = absolute(summary.peakDepth);
		sentences.push(
			`The peak lies deeper in ${deeper.name} than in ${shallower.name}, by ${depth(by.value)} of the depth (95% CI ${depth(by.low)} to ${depth(by.high)}).`
		);
	}
	const stretches = [
		{ higher: a, lower: b, where: apart(curve, (of) => isApart(of) && of.low > 0) },
		{ higher: b, lower: a, where: apart(curve, (of) => isApart(of) && of.high < 0) }
	].filter(({ where }) => where.length > 0);
	// Both models are named: in a comparison of three, one model may differ from both others in the same place.
	for (const { higher, lower, where } of stretches)
		sentences.push(
			`Adjacent layers of ${higher.name} are more similar than those of ${lower.name} at relative depth ${where.join(', ')} (pointwise 95% CIs).`
		);
	return sentences;
}

function differenceWords(
	what: string,
	difference: Interval,
	a: ComparedModel,
	b: ComparedModel
): string {
	if (!isApart(difference)) {
		const [value, low, high] = written(difference);
		return `${what}: no significant difference between ${a.name} and ${b.name} on this text (${value}, 95% CI ${low} to ${high}).`;
	}
	const [higher, lower] = difference.value > 0 ? [a, b] : [b, a];
	const [value, low, high] = written(absolute(difference));
	return `${what} is higher in ${higher.name} than in ${lower.name}, by ${value} (95% CI ${low} to ${high}).`;
}

/** Stretches of depth throughout which `is` holds: "0.10–0.35". */
function apart(
	{ depths, difference }: { depths: number[]; difference: Interval[] },
	is: (interval: Interval) => boolean
): string[] {
	const stretches: { from: number; to: number }[] = [];
	let before = false;
	difference.forEach((interval, i) => {
		const now = is(interval);
		const last = stretches.at(-1);
		if (now && before && last) last.to = depths[i];
		else if (now) stretches.push({ from: depths[i], to: depths[i] });
		before = now;
	});
	return stretches
		.filter(({ from, to }) => to - from >= SHORTEST_STRETCH)
		.map(({ from, to }) => `${depth(from)}–${depth(to)}`);
}

function width({ low, high }: Interval): number {
	return high - low;
}

/** The same difference, taken the other way round where it is negative. */
function absolute({ value, low, high }: Interval): Interval {
	return value >= 0 ? { value, low, high } : { value: -value, low: -high, high: -low };
}

/** "0.0000002": rounded up at the seventh digit, to which matrices are kept. */
function atMost(value: number): string {
	return (Math.ceil(value * 1e7 - 1e-3) / 1e7).toFixed(7);
}

/** Value, low and high with as many digits as tell the end nearer to 0 from 0: at least 3, at most 6. */
function written({ value, low, high }: Interval): string[] {
	const nearest = Math.min(...[low, high].map(Math.abs).filter((end) => end > 0), 1);
	const digits = Math.min(6, Math.max(3, Math.ceil(-Math.log10(nearest))));
	return [value, low, high].map((number) => formatValue(number, digits));
}

function depth(value: number): string {
	return formatValue(value, 2);
}

function listed(names: readonly string[]): string {
	return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
