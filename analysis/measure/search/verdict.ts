import { AXIS_NAMES, type SavingAxis } from '../../plan/axes.ts';
import { lossText, withInterval } from '../../text/interval.ts';
import { formatPercent, formatShortPercent, formatValue } from '../../text/number.ts';
import { adviceWords, layerList, planWords } from '../../text/plan.ts';
import { mayBeChosen } from './candidate.ts';
import { holdsZero } from './ties.ts';
import type { PartLoss, PlanFigures, SearchReport } from './types.ts';

type Measured = Pick<
	SearchReport,
	'goal' | 'target' | 'plans' | 'random' | 'recall' | 'tasks' | 'axes' | 'ties' | 'stability'
>;

const KIND_WORDS = {
	share: 'sharing',
	drop: 'dropping',
	mixed: 'both',
	none: 'neither'
} as const;
const REPAIR_WORDS = {
	share: 'Refitting output projections',
	drop: 'Mean-output repair',
	mixed: 'Refitting output projections and mean-output repair',
	none: 'Repair'
} as const;
const AXES_SAID = ['kvCache', 'parameters', 'prefillFlops', 'decodeBytes'] as const;
const WINNERS = ['share', 'drop', 'mixed'] as const;
const MOST_TIES = 3;
/** A layer is chosen stably where at least this fraction of resamples choose it. */
const STABLE = 0.8;
/** A plan must cost less than this fraction of the random ones. */
const LEAST_BEATEN = 0.5;

/** Decides between sharing, dropping, both and neither by the figures of the report part, and explains why. */
export function verdictOf(measured: Measured, best: PlanFigures | null): SearchReport['verdict'] {
	if (best === null)
		return {
			kind: 'neither',
			plan: null,
			sentence: `Neither share nor drop: ${whyNone(measured)}.`
		};
	const against = reasonAgainst(measured, best);
	const kind = against !== null || best.kind === 'none' ? 'neither' : best.kind;
	const advice =
		against === null
			? `${adviceWords(best.sources)} (${best.name}): it saves`
			: `Neither share nor drop: ${against}. The plan that did best, ${best.name} (${adviceWords(best.sources).toLowerCase()}), saves`;
	const { axis } = measured.target;
	const sentences = [
		`${advice} ${formatShortPercent(best.savings[axis])} of the ${AXIS_NAMES[axis]} and adds ${lossWords(best.report)} nats/token on held-out text`,
		recallWords(measured, best),
		taskWords(measured, best),
		savingsWords(measured, best),
		tieWords(measured),
		otherKind(measured, best),
		...changeWords(measured, best),
		amongRandom(measured, best),
		additivity(measured, best),
		repairHelp(measured, best),
		headMapHelp(measured)
	];
	const sentence = sentences
		.filter((each) => each !== null)
		.map((each) => `${each}.`)
		.join(' ');
	return { kind, plan: best.name, sentence };
}

/** The plan as it is before repair. */
export function plainOf(
	plans: readonly PlanFigures[],
	{ maker }: PlanFigures
): PlanFigures | undefined {
	return plans.find((plan) => plan.maker === maker && !plan.repaired);
}

function whyNone({ goal, target }: Measured): string {
	return goal.kind === 'loss'
		? `no plan stays within ${goal.maxLossIncrease} nats/token on the choose part`
		: `no plan saves ${formatShortPercent(target.share)} of the ${AXIS_NAMES[target.axis]}`;
}

function reasonAgainst(
	{ goal, random, recall, tasks }: Measured,
	best: PlanFigures
): string | null {
	const { loss, low } = best.report;
	if (goal.kind === 'loss' && (low ?? loss) > goal.maxLossIncrease)
		return `on held-out text the loss increase lies above ${goal.maxLossIncrease} nats/token`;
	if (recall !== undefined && best.recall !== undefined) {
		const { report } = best.recall;
		if ((report.low ?? report.loss) > recall.limit)
			return `the recall increase lies above ${recall.limit} nats/token`;
	}
	if (tasks !== undefined && best.accuracy !== undefined) {
		const { report } = best.accuracy;
		if ((report.low ?? report.value) > tasks.limit)
			return `the accuracy drop on the questions lies above ${formatShortPercent(tasks.limit)}`;
	}
	if (random.beaten !== null && random.beaten < LEAST_BEATEN)
		return `only ${formatShortPercent(random.beaten)} of random plans with the same number of followers and dropped layers cost more`;
	return null;
}

/** The best plan of another kind, chosen as the plan itself was. */
function otherKind({ plans }: Measured, best: PlanFigures): string | null {
	const others = plans
		.filter((plan) => mayBeChosen(plan) && plan.kind !== best.kind && plan.kind !== 'none')
		.sort((a, b) => a.choose.loss - b.choose.loss);
	const other = others.at(0);
	if (other === undefined) return `No plan of another kind reaches the same saving`;
	const adds = `At equal savings the best by ${KIND_WORDS[other.kind]}, ${other.name}, adds ${lossWords(other.report)}`;
	return other.difference === undefined ? adds : `${adds}, ${pairedWords(other.difference)}`;
}

/** Describes how much more or less a plan adds than the proposed one, paired by window; unclear if it may be 0. */
function pairedWords(difference: PartLoss): string {
	if (holdsZero(difference))
		return `no clear difference (paired by window ${lossText(difference)})`;
	const { loss, low, high } = difference;
	const [least, most] = [low, high].map((end) => Math.abs(end ?? loss)).sort((a, b) => a - b);
	return `${lossWords({ loss: Math.abs(loss), low: least, high: most })} ${loss > 0 ? 'more' : 'less'}, paired by window`;
}

/** Describes the plan's effect on in-context recall, and that of the plan that text alone chooses. */
function recallWords({ recall }: Measured, best: PlanFigures): string {
	if (recall === undefined || best.recall === undefined)
		return 'Recall was not measured: a plan can keep the loss on text and lose it';
	const own = `Recall: it adds ${lossWords(best.recall.report)} nats/token to the loss on a passage that comes again (limit ${recall.limit})`;
	const { textOnly } = recall;
	if (textOnly === null || textOnly.plan === best.name)
		return `${own}; text alone chooses the same plan`;
	return `${own}; the plan that text alone chooses, ${textOnly.plan} (${planWords(textOnly.sources)}), adds ${lossWords(textOnly.recall)} to it, and ${lossWords(textOnly.report)} on text`;
}

/** Describes the savings on each axis, and names the kind of plan that adds the least loss at equal savings. */
function savingsWords({ axes = [] }: Measured, best: PlanFigures): string {
	const saved = AXES_SAID.map(
		(axis) => `${formatShortPercent(best.savings[axis])} of ${AXIS_NAMES[axis]}`
	).join(', ');
	const named = (axis: SavingAxis) => AXIS_NAMES[axis];
	const won = WINNERS.flatMap((kind) => {
		const on = axes.filter(({ winner }) => winner === kind).map(({ axis }) => named(axis));
		return on.length === 0 ? [] : [`${KIND_WORDS[kind]} adds least for ${on.join(', ')}`];
	});
	const open = axes.filter(({ winner }) => winner === null).map(({ axis }) => named(axis));
	if (open.length > 0) won.push(`the best two are tied for ${open.join(', ')}`);
	return `Savings: ${saved}${won.length === 0 ? '' : `; at equal savings ${won.join('; ')}`}`;
}

/** Names the plans that held-out text does not tell from the proposed one, and the simplest. */
function tieWords({ ties = [] }: Measured): string | null {
	if (ties.length === 0) return null;
	const shown = ties.slice(0, MOST_TIES).map(({ plan, difference }) => {
		const { low, high } = difference;
		return low === null || high === null ? plan : `${plan} (difference ${lossText(difference)})`;
	});
	const more = ties.length > MOST_TIES ? ` and ${ties.length - MOST_TIES} more` : '';
	const simpler = ties.filter((tie) => tie.simpler).map(({ plan }) => plan);
	return `Tied on held-out text with ${shown.join(', ')}${more}; ${simpler.length === 0 ? 'it is the simplest of them' : `simpler: ${simpler.slice(0, MOST_TIES).join(', ')}`}`;
}

/** Describes the drop in accuracy on the user's held-out questions, with its interval and its limit. */
function taskWords({ tasks }: Measured, best: PlanFigures): string {
	if (tasks === undefined || best.accuracy === undefined)
		return 'Tasks were not measured: --choices asks questions, here and of spanwise evaluate';
	const { value, low, high } = best.accuracy.report;
	const { baseline, limit, questions } = tasks;
	const drop = withInterval(value, { low, high }, (each) => formatPercent(each));
	return `On ${questions.report} held-out questions accuracy goes from ${formatPercent(baseline.report)} to ${formatPercent(baseline.report - value)}, a drop of ${drop}; the limit is ${formatShortPercent(limit)}`;
}

/** Returns true if more windows could narrow an interval, which has a width or is missing. */
function isOpen({ low, high }: PartLoss): boolean {
	return low === null || high === null || low < high;
}

/** Lists changes that could alter the verdict: more windows, or another limit of recall or accuracy. */
function changeWords(
	{ ties = [], stability, recall, tasks }: Measured,
	best: PlanFigures
): string[] {
	const words: string[] = [];
	const unstable = best.sources.flatMap((source, layer) =>
		source !== layer && (stability?.layers[layer] ?? 1) < STABLE ? [layer] : []
	);
	if (unstable.length > 0)
		words.push(
			`Not stable: fewer than ${formatShortPercent(STABLE)} of the resamples of the search part choose ${unstable.length === 1 ? 'layer' : 'layers'} ${layerList(unstable)}; more windows would settle it (--windows)`
		);
	else if (ties.some(({ difference }) => isOpen(difference)))
		words.push('More windows would narrow the differences (--windows)');
	const other = recall?.textOnly;
	if (other && other.plan !== best.name && other.report.loss < best.report.loss)
		words.push(
			`With a recall limit of ${formatValue(other.recall.loss, 2)} nats/token or more ${other.plan} would be chosen (--max-recall-increase)`
		);
	const without = tasks?.without;
	if (without)
		words.push(
			`With an accuracy limit of ${formatShortPercent(without.drop.value)} or more ${without.plan} would be chosen (--max-accuracy-drop)`
		);
	return words;
}

function amongRandom({ random }: Measured, best: PlanFigures): string | null {
	if (random.beaten === null || random.plans.length === 0) return null;
	const which = best.repaired ? 'Before repair it' : 'It';
	return `${which} costs less than ${formatShortPercent(random.beaten)} of ${random.plans.length} random plans with the same number of followers and dropped layers`;
}

function additivity({ plans }: Measured, best: PlanFigures): string | null {
	const plain = plainOf(plans, best);
	if (plain === undefined || plain.sumOfParts === null || plain.additivityError === null)
		return null;
	return `Sum of the per-span damages on the search part: ${formatValue(plain.sumOfParts)}; measured together${best.repaired ? ' (unrepaired)' : ''}: ${formatValue(plain.search.loss)}; additivity error ${formatValue(plain.additivityError)}`;
}

function repairHelp({ plans }: Measured, best: PlanFigures): string | null {
	const plain = plainOf(plans, best);
	const repaired = plans.find((plan) => plan.maker === best.maker && plan.repaired);
	if (plain === undefined || repaired === undefined) return null;
	return `${REPAIR_WORDS[best.kind]} ${HELP[sideOf(repaired)]}: ${formatValue(repaired.report.loss)} vs. ${formatValue(plain.report.loss)}`;
}

function headMapHelp({ plans }: Measured): string | null {
	const [share, matched] = ['share', 'share-matched'].map((planner) =>
		plans.find((plan) => plan.maker === planner && !plan.repaired)
	);
	if (share === undefined || matched === undefined) return null;
	return `With best-match head maps the share plan ${COSTS[sideOf(matched)]}: ${formatValue(matched.report.loss)} vs. ${formatValue(share.report.loss)}`;
}

const HELP = { less: 'helps', more: 'makes it worse', unclear: 'makes no clear difference' };
const COSTS = { less: 'costs less', more: 'costs more', unclear: 'shows no clear difference' };

/** Compares a plan's loss with that of the plan it was made from; `unclear` without one, or if the interval holds 0. */
function sideOf({ madeFrom }: PlanFigures): keyof typeof HELP {
	if (madeFrom === undefined || holdsZero(madeFrom.difference)) return 'unclear';
	return madeFrom.difference.loss < 0 ? 'less' : 'more';
}

function lossWords({ loss, low, high }: PartLoss): string {
	if (low === null || high === null) return `${formatValue(loss)} (no interval: a single window)`;
	return withInterval(loss, { low, high });
}
