import { estimateOf } from '../analysis/engine/estimate.ts';
import { estimateAnalysis } from '../analysis/measure/analyze/estimate.ts';
import { refuseKnownOther } from '../analysis/engine/modelHash.ts';
import type { Estimate } from '../analysis/engine/estimate.ts';
import { prepareDamage } from '../analysis/measure/damage/prepare.ts';
import { workOfAll } from '../analysis/measure/damage/work.ts';
import { checkPlan } from '../analysis/apply/planCheck.ts';
import { estimateOfBench, prepareBench } from '../analysis/measure/bench/prepareBench.ts';
import { checkRoom } from '../analysis/apply/scratch.ts';
import { parseQuestions } from '../analysis/measure/evaluate/choices/parse.ts';
import { estimateOfEvaluation, prepareEvaluation } from '../analysis/measure/evaluate/prepare.ts';
import { discoverModels } from '../analysis/model/catalogue/discover.ts';
import { OnnxExaminer } from '../analysis/model/catalogue/onnx.ts';
import { modelReport } from '../analysis/model/catalogue/report.ts';
import { prepareSearch } from '../analysis/measure/search/prepare.ts';
import type {
	Answer,
	EstimateQuestions,
	Question,
	QuestionKind,
	Questions
} from '../analysis/measure/questions.ts';

type Answers = {
	[Kind in QuestionKind]: (asked: Questions[Kind]['asked']) => Promise<Answer<Kind>>;
};

/** Answers questions about models and texts. What is costly to look into is remembered between them. */
export function readerAnswers(): (question: Question) => Promise<Answer> {
	const examiner = new OnnxExaminer();
	const answers: Answers = {
		models: (places) => discoverModels(places, examiner),
		report: modelReport,
		plan: ({ model, plan, home }) => checkPlan(model, plan, { home, planFolder: null }),
		analyze: estimateAnalysis,
		damage: estimateDamage,
		evaluate: estimateEvaluation,
		search: estimateSearch,
		bench: estimateBench
	};
	return (question) => answered(question, answers);
}

function answered<Kind extends QuestionKind>(
	{ kind, asked }: { kind: Kind; asked: Questions[Kind]['asked'] },
	answers: Answers
): Promise<Answer<Kind>> {
	return answers[kind](asked);
}

type Asked<Kind extends keyof EstimateQuestions> = EstimateQuestions[Kind]['asked'];

async function estimateDamage({ modelHash, ...request }: Asked<'damage'>): Promise<Estimate> {
	await refuseKnownOther(request.modelFolder, modelHash, request.home);
	const prepared = await prepareDamage(request);
	return estimateOf({ ...prepared, totalWork: workOfAll(prepared) }, request.home);
}

async function estimateEvaluation({
	modelHash,
	questions,
	...request
}: Asked<'evaluate'>): Promise<Estimate> {
	await refuseKnownOther(request.modelFolder, modelHash, request.home);
	const parsed = questions === null ? null : parseQuestions(questions.text, questions.name);
	const prepared = await prepareEvaluation({ ...request, questions: parsed, repairs: null });
	return estimateOfEvaluation(prepared, request.home);
}

async function estimateSearch({ modelHash, ...request }: Asked<'search'>): Promise<Estimate> {
	await refuseKnownOther(request.modelFolder, modelHash, request.home);
	return estimateOf(await prepareSearch(request), request.home);
}

async function estimateBench({ modelHash, ...request }: Asked<'bench'>): Promise<Estimate> {
	await refuseKnownOther(request.modelFolder, modelHash, request.home);
	const prepared = await prepareBench(request);
	await checkRoom({ home: request.home, id: 'bench', bytesNeeded: prepared.scratchBytes });
	return estimateOfBench(prepared, request.home);
}
