import { expect, it } from 'vitest';
import { similarityMatrix } from '../../analysis/similarity/measure.ts';
import { madeUpRun } from './run.ts';
import { madeUpStudy } from './study.ts';

const LAYERS = 16;
const studyOf = (name: string) =>
	madeUpStudy({
		...madeUpRun().record.model,
		...{ name, layers: LAYERS, reach: Array<null>(LAYERS).fill(null) }
	});

/** Every loss that a study says the plan adds, and of the model itself. */
function lossesOf(study: ReturnType<typeof studyOf>) {
	const [evaluation, search, tune, bench, damage] = [
		study.evaluation.result,
		study.search.result,
		study.tune.result,
		study.bench.result,
		study.damage.result
	];
	if (evaluation.kind !== 'evaluate' || search.kind !== 'search') throw new Error('other kinds');
	if (tune.kind !== 'tune' || bench.kind !== 'bench') throw new Error('other kinds');
	if (damage.kind !== 'damage') throw new Error('another kind');
	const { report } = search.search;
	const drop = report.plans.find(({ maker }) => maker === 'drop');
	const share = report.plans.find(({ maker }) => maker === 'share');
	const compared = new Map(tune.tune.report.comparisons.map(({ key, text }) => [key, text.loss]));
	const ofFront = ({ sources }: { sources: unknown }) =>
		report.front.find((point) => JSON.stringify(point.sources) === JSON.stringify(sources));
	return {
		share: [
			share?.report.loss,
			evaluation.evaluation.report.delta.loss,
			compared.get('before'),
			bench.bench.cost?.text.delta.loss,
			share && ofFront(share)?.report.loss
		],
		drop: [drop?.report.loss, compared.get('rivalBefore'), drop && ofFront(drop)?.report.loss],
		parts: [
			drop?.sumOfParts,
			damage.damage.drops.reduce(
				(sum, { layer, loss }) => sum + (drop?.sources[layer] === null ? (loss ?? NaN) : 0),
				0
			)
		],
		baseline: [
			study.run.record.loss,
			damage.damage.report.baseline.loss,
			evaluation.evaluation.report.baseline.loss,
			report.baseline.report.loss,
			bench.bench.cost?.text.baseline,
			study.training.steps.at(-1)?.loss
		],
		verdict: report.verdict
	};
}

it('a study says the same of the same plan in every result', () => {
	const { verdict, ...same } = lossesOf(studyOf('one'));
	for (const losses of Object.values(same))
		for (const loss of losses) expect(loss).toBeCloseTo(losses[0] ?? NaN, 12);
	expect(verdict.sentence).toContain(`adds ${same.drop[0]?.toFixed(3)} [`);
});

it('studies of two models differ, and that of one is always the same', () => {
	const maps = ['one', 'two', 'one'].map((name) => [
		...similarityMatrix(studyOf(name).run.sums[0], 'cosine')
	]);
	const far = maps[0].map((value, at) => Math.abs(value - maps[1][at]));
	expect(Math.max(...far)).toBeGreaterThan(0.05);
	expect(maps[2]).toEqual(maps[0]);
});
