import { formatSigned } from '../../text/number.ts';
import { mayBeChosen } from './candidate.ts';
import type { PartLoss, PlanFigures, SearchReport } from './types.ts';

type Described = Pick<SearchReport, 'target' | 'plans' | 'recall'> & {
	verdict: Pick<SearchReport['verdict'], 'plan'>;
};

/** Savings are sums of rounded numbers. */
const SLACK = 1e-9;

/**
 * Says why the chosen plan is not the one that costs least on held-out text, in two sentences; null: it is, or there is none. Plans are
 * chosen on the choose part, so that what is reported of the chosen one is no best of many.
 */
export function whyChosen({ target, plans, recall, verdict }: Described): string | null {
	const chosen = plans.find(({ name }) => name === verdict.plan);
	if (chosen === undefined) return null;
	const cheaper = plans
		.filter(
			(plan) =>
				plan.savings[target.axis] >= target.share - SLACK && plan.report.loss < chosen.report.loss
		)
		.sort((a, b) => a.report.loss - b.report.loss)
		.at(0);
	if (cheaper === undefined) return null;
	const reason = reasonAgainst(cheaper, chosen, recall?.limit ?? null);
	if (reason === null) return null;
	const overlap = meet(cheaper.report, chosen.report) ? '; the intervals overlap' : '';
	return `${cheaper.name} adds less on held-out text: ${formatSigned(cheaper.report.loss)} instead of ${formatSigned(chosen.report.loss)}${overlap}. ${reason}.`;
}

function reasonAgainst(
	cheaper: PlanFigures,
	chosen: PlanFigures,
	limit: number | null
): string | null {
	if (!mayBeChosen(cheaper))
		return 'It is there to compare with, and only plans made from measured damage are chosen between';
	const recall = cheaper.recall?.choose.loss;
	if (limit !== null && recall !== undefined && recall > limit)
		return `It was not chosen because it adds ${formatSigned(recall)} to recall on the choose part, above the limit of ${limit}`;
	if (cheaper.choose.loss <= chosen.choose.loss) return null;
	return `It was not chosen because plans are chosen on the choose part, where it adds more: ${formatSigned(cheaper.choose.loss)} instead of ${formatSigned(chosen.choose.loss)}. Choosing by held-out text would make the reported figure look better than it is`;
}

function meet(a: PartLoss, b: PartLoss): boolean {
	return (a.low ?? a.loss) <= (b.high ?? b.loss) && (b.low ?? b.loss) <= (a.high ?? a.loss);
}
