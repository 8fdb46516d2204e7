import { SAVING_AXES } from '$analysis/plan/axes.ts';
import { csv } from '$analysis/text/csv.ts';
import type { AccuracyDrop, PartLoss, SearchReport } from '$analysis/measure/search/types.ts';
import { planWords } from '$analysis/text/plan.ts';

const loss = (part: PartLoss) => [part.loss, part.low, part.high];

const RECALL = ['recall increase', 'recall low', 'recall high'];
const recalled = (recall: { report: PartLoss } | undefined) =>
	recall === undefined ? RECALL.map(() => '') : loss(recall.report);

const ACCURACY = ['accuracy drop', 'accuracy low', 'accuracy high'];
const lost = (accuracy: { report: AccuracyDrop } | undefined) =>
	accuracy === undefined
		? ACCURACY.map(() => '')
		: [accuracy.report.value, accuracy.report.low, accuracy.report.high];

/** Every measured plan, a line each: the front, the named plans, and the random ones. */
export function frontCsv({ front, plans, random }: SearchReport): string {
	const saved = SAVING_AXES.map((axis) => `saved ${axis}`);
	const header = [
		...['of', 'name', 'kind', 'plan', ...saved, 'loss added', 'low', 'high'],
		...[...RECALL, ...ACCURACY]
	];
	const lines = [
		...front.map((each) => [
			'front',
			'',
			each.kind,
			planWords(each.sources),
			...SAVING_AXES.map((axis) => each.savings[axis]),
			...loss(each.report),
			...recalled(each.recall),
			...lost(each.accuracy)
		]),
		...plans.map((each) => [
			'plan',
			each.name,
			each.kind,
			planWords(each.sources),
			...SAVING_AXES.map((axis) => each.savings[axis]),
			...loss(each.report),
			...recalled(each.recall),
			...lost(each.accuracy)
		]),
		...random.plans.map((each) => [
			'random',
			'',
			'',
			planWords(each.sources),
			...SAVING_AXES.map(() => ''),
			each.report,
			'',
			'',
			...[...RECALL, ...ACCURACY].map(() => '')
		])
	];
	return csv([header, ...lines]);
}
