import { estimateOf } from '../analysis/engine/estimate.ts';
import { estimateAnalysis } from '../analysis/measure/analyze/estimate.ts';
import { withModel, type Model } from '../analysis/model/open.ts';
import { refuseKnownOther } from '../analysis/model/sameModel.ts';
import type { Estimate } from '../analysis/engine/estimate.ts';
import { prepareDamage } from '../analysis/measure/damage/prepare.ts';
import { workOfAll } from '../analysis/measure/damage/work.ts';
import { checkPlan } from '../analysis/engine/checkPlan.ts';
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
		plan: ({ model: path, plan, home }) =>
			withModel(path, (model) => checkPlan(model, plan, { home, planFolder: null })),
		analyze: (request) =>
			withModel(request.modelFolder, (model) => estimateAnalysis(model, request)),
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

/** Opens the model that is asked about, once. Throws InputError where it is known to have other weights. */
function ofModel(
	{ modelFolder, modelHash, home }: { modelFolder: string; modelHash: string; home: string },
	use: (model: Model) => Promise<Estimate>
): Promise<Estimate> {
	return withModel(modelFolder, async (model) => {
		await refuseKnownOther(model, modelHash, home);
		return use(model);
	});
}

function estimateDamage(asked: Asked<'damage'>): Promise<Estimate> {
	return ofModel(asked, async (model) => {
		const prepared = await prepareDamage(model, asked);
		return estimateOf({ ...prepared, totalWork: workOfAll(prepared) }, asked.home);
	});
}

function estimateEvaluation({ questions, ...asked }: Asked<'evaluate'>): Promise<Estimate> {
	return ofModel(asked, async (model) => {
		const parsed = questions === null ? null : parseQuestions(questions.text, questions.name);
		const request = { ...asked, questions: parsed, repairs: null };
		return estimateOfEvaluation(await prepareEvaluation(model, request), asked.home);
	});
}

function estimateSearch(asked: Asked<'search'>): Promise<Estimate> {
	return ofModel(asked, async (model) => estimateOf(await prepareSearch(model, asked), asked.home));
}

function estimateBench(asked: Asked<'bench'>): Promise<Estimate> {
	return ofModel(asked, async (model) => {
		const prepared = prepareBench(model, asked);
		const { home } = asked;
		await checkRoom({ home, id: 'bench', bytesNeeded: prepared.scratchBytes });
		return estimateOfBench(prepared, home);
	});
}
