import { deployModel as deploy } from '../../analysis/apply/deploy.ts';
import type { DeployRequest } from '../../analysis/apply/types.ts';
import { checkPlan as check } from '../../analysis/engine/checkPlan.ts';
import { analyze as analyzeOpened } from '../../analysis/measure/analyze/analyze.ts';
import { estimateAnalysis as estimateOpened } from '../../analysis/measure/analyze/estimate.ts';
import { prepare as prepareOpened } from '../../analysis/measure/analyze/prepare.ts';
import { engineFor } from '../../analysis/engine/engineFor.ts';
import { checkSameModel as checkSame } from '../../analysis/model/sameModel.ts';
import {
	measureWritten as measureWrittenOpened,
	type WrittenRequest
} from '../../analysis/measure/bench/measureWritten.ts';
import {
	type BenchDeps,
	measureBench as benchOpened
} from '../../analysis/measure/bench/measureBench.ts';
import { prepareBench as prepareBenchOpened } from '../../analysis/measure/bench/prepareBench.ts';
import { measureDamage as damageOpened } from '../../analysis/measure/damage/damage.ts';
import { prepareDamage as prepareDamageOpened } from '../../analysis/measure/damage/prepare.ts';
import { evaluatePlan as evaluateOpened } from '../../analysis/measure/evaluate/evaluate.ts';
import { prepareEvaluation as prepareEvaluationOpened } from '../../analysis/measure/evaluate/prepare.ts';
import { prepareSearch as prepareSearchOpened } from '../../analysis/measure/search/prepare.ts';
import { searchPlans as searchOpened } from '../../analysis/measure/search/search.ts';
import { withModel, type Model } from '../../analysis/model/open.ts';

/** Takes the model of the folder that the request names, which is opened for it. */
function opened<Request extends { modelFolder: string }, Rest extends unknown[], Result>(
	use: (model: Model, request: Request, ...rest: Rest) => Result | Promise<Result>
): (request: Request, ...rest: Rest) => Promise<Result> {
	return (request, ...rest) =>
		withModel(request.modelFolder, async (model) => use(model, request, ...rest));
}

export const analyze = opened(analyzeOpened);
export const estimateAnalysis = opened(estimateOpened);
export const prepare = opened(prepareOpened);
export const measureBench = opened(benchOpened);
export const prepareBench = opened(prepareBenchOpened);
export const measureDamage = opened(damageOpened);
export const prepareDamage = opened(prepareDamageOpened);
export const evaluatePlan = opened(evaluateOpened);
export const prepareEvaluation = opened(prepareEvaluationOpened);
export const prepareSearch = opened(prepareSearchOpened);
export const searchPlans = opened(searchOpened);
export const deployModel = opened(
	(
		model,
		request: DeployRequest & { modelFolder: string },
		onProgress: Parameters<typeof deploy>[2]
	) => deploy(model, request, onProgress)
);

export const measureWritten = (
	{ model: path, ...request }: WrittenRequest & { model: string },
	deps: BenchDeps
) => withModel(path, (model) => measureWrittenOpened(model, request, deps));

export const captureAttention = ({
	modelFolder,
	...wanted
}: {
	modelFolder: string;
	ids: number[];
	layers: number[];
}) => withModel(modelFolder, (model) => engineFor(model).tokenMaps(wanted));

export const checkSameModel = (path: string, hash: string, home: string) =>
	withModel(path, (model) => checkSame(model, hash, home));

export const checkPlan = (
	path: string,
	...rest: Parameters<typeof check> extends [Model, ...infer Rest] ? Rest : never
) => withModel(path, (model) => check(model, ...rest));

/** The hash of the model at a path. */
export const hashOf = (path: string, home: string): Promise<string> =>
	withModel(path, (model) => model.hash(home));
