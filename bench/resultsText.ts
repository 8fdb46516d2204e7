import type {
	PartLoss,
	PlanFigures,
	Planner,
	SearchReport
} from '../analysis/measure/search/types.ts';
import type { Sources } from '../analysis/plan/types.ts';

/** Planners in the order of the table, and what each chooses by. */
const CHOSEN_BY: readonly [Planner, string][] = [
	['share', 'text'],
	['share-recall', 'text and recall'],
	['greedy-share', 'text, step by step'],
	['share-matched', 'text; best-match head maps'],
	['drop', 'text'],
	['drop-recall', 'text and recall'],
	['mixed', 'text'],
	['mixed-recall', 'text and recall'],
	['greedy', 'text, step by step'],
	['similarity', 'similarity alone'],
	['uniform', 'even spacing'],
	['llm-drop', 'LLM-Drop, one shot'],
	['llm-drop-steps', 'LLM-Drop, step by step']
];
const KINDS = { share: 'sharing', drop: 'dropping', mixed: 'both', none: 'neither' };

/**
 * Reports of searches of one model for several savings, at least one, as Markdown: a table, and what it means in plain
 * words. `machine` says the engine and the cores.
 */
export function resultsText(
	model: string,
	reports: readonly SearchReport[],
	machine: string
): string {
	const [first] = reports;
	const { windows } = first.parts.report;
	const probes = first.recall === undefined ? '' : ` and ${first.recall.probes.report} probes`;
	const baseline = `text ${number(first.baseline.report.loss)}${first.recall === undefined ? '' : `, recall ${number(first.recall.baseline.report)}`}`;
	const repaired = reports.some(({ plans }) => plans.some((plan) => plan.repaired));
	const head = [
		'saving of',
		'plan',
		'chosen by',
		'layers changed',
		'text',
		'recall',
		...(repaired ? ['text, repaired', 'recall, repaired'] : [])
	];
	const rows = reports.flatMap((report) => rowsOf(report, repaired));
	return [
		`### ${model}\n`,
		`Baseline: ${baseline} nats/token. Increases in nats/token on the held-out part (${windows} windows of text${probes}), with 95% CIs. In bold the plan that the search proposes. ${machine}.\n`,
		table([head, head.map(() => '---'), ...rows]),
		...reports.map((report) => `${words(report)}\n`)
	].join('\n');
}

function rowsOf({ goal, plans, verdict }: SearchReport, repaired: boolean): string[][] {
	const seen = new Set<string>();
	return CHOSEN_BY.flatMap(([planner, chosenBy]) => {
		const plain = plans.find((plan) => plan.maker === planner && !plan.repaired);
		if (plain === undefined) return [];
		const key = JSON.stringify([plain.sources, plain.report.loss]);
		if (seen.has(key)) return [];
		seen.add(key);
		const fixed = plans.find((plan) => plan.maker === planner && plan.repaired);
		const cells = (plan: PlanFigures | undefined) => {
			if (plan === undefined) return ['', ''];
			const bold = plan.name === verdict.plan ? '**' : '';
			return [plan.report, plan.recall?.report].map((loss) => interval(loss, bold));
		};
		return [
			[
				savingOf(goal),
				`${planner} (${KINDS[plain.kind]})`,
				chosenBy,
				layers(plain.sources),
				...cells(plain),
				...(repaired ? cells(fixed) : [])
			]
		];
	});
}

/** Describes the results for one saving, in the words above its table. */
function words({ goal, plans, verdict, recall }: SearchReport): string {
	const best = plans.find(({ name }) => name === verdict.plan);
	if (best === undefined) return `**Saving of ${savingOf(goal)}.** ${verdict.sentence}`;
	const said = (plan: PlanFigures) => {
		const recalled =
			plan.recall === undefined ? '' : ` and ${signed(plan.recall.report.loss)} on recall`;
		return `adds ${signed(plan.report.loss)} on text${recalled}`;
	};
	const sentences = [
		`**Saving of ${savingOf(goal)}.** The search proposes ${best.name} (${layers(best.sources)}), which ${said(best)}.`
	];
	const textOnly = recall?.textOnly;
	if (textOnly && textOnly.plan !== best.name)
		sentences.push(
			`The plan that text alone chooses, ${textOnly.plan} (${layers(textOnly.sources)}), adds ${signed(textOnly.report.loss)} on text and ${signed(textOnly.recall.loss)} on recall.`
		);
	const [shot, steps] = (['llm-drop', 'llm-drop-steps'] as const).map((planner) =>
		plans.find((plan) => plan.maker === planner && !plan.repaired)
	);
	if (shot !== undefined && steps !== undefined)
		sentences.push(
			JSON.stringify(shot.sources) === JSON.stringify(steps.sources)
				? `LLM-Drop comes to the same layers in one shot and step by step; it ${said(shot)}.`
				: `LLM-Drop in one shot ${said(shot)}, step by step it ${said(steps)}.`
		);
	const plain = plans.find((plan) => plan.maker === best.maker && !plan.repaired);
	const fixed = plans.find((plan) => plan.maker === best.maker && plan.repaired);
	if (plain !== undefined && fixed !== undefined)
		sentences.push(
			`Repair without training takes the proposed plan from ${signed(plain.report.loss)} to ${signed(fixed.report.loss)} on text.`
		);
	return sentences.join(' ');
}

function savingOf(goal: SearchReport['goal']): string {
	switch (goal.kind) {
		case 'followers':
			return `${goal.followers} followers`;
		case 'save':
			return `${number(goal.share)} of ${goal.axis}`;
		case 'loss':
			return `${number(goal.maxLossIncrease)} nats/token`;
	}
}

/** "2→3; dropped 5, 6" */
function layers(sources: Sources): string {
	const follows = sources.flatMap((source, layer) =>
		source === null || source === layer ? [] : [`${source}→${layer}`]
	);
	const dropped = sources.flatMap((source, layer) => (source === null ? [layer] : []));
	return [follows.join(', '), dropped.length === 0 ? '' : `dropped ${dropped.join(', ')}`]
		.filter((each) => each !== '')
		.join('; ');
}

function interval(loss: PartLoss | undefined, bold: string): string {
	if (loss === undefined) return '';
	const { low, high } = loss;
	const ends = low === null || high === null ? '' : ` [${number(low)}, ${number(high)}]`;
	return `${bold}${signed(loss.loss)}${bold}${ends}`;
}

function signed(value: number): string {
	return value < 0 ? number(value) : `+${number(value)}`;
}

function number(value: number): string {
	return value.toFixed(3).replace('-', '−');
}

function table(rows: readonly (readonly string[])[]): string {
	return `${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`;
}
