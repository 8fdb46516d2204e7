import { readComparison, readHeads, readSimilarity } from '../analysis/compare/readings.ts';
import { checkPlan } from '../analysis/engine/checkPlan.ts';
import { kindOf } from '../analysis/measure/lookup.ts';
import { workspaceRows } from '../analysis/measure/overview/rows.ts';
import type { Answer, Question, QuestionKind, Questions } from '../analysis/measure/questions.ts';
import { discoverModels } from '../analysis/model/catalogue/discover.ts';
import { OnnxExaminer } from '../analysis/model/catalogue/onnx.ts';
import { modelReport } from '../analysis/model/catalogue/report.ts';
import { withModel } from '../analysis/model/open.ts';

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
		similarity: readSimilarity,
		heads: readHeads,
		comparison: readComparison,
		rows: ({ home }) => workspaceRows(home),
		estimate: (request) => kindOf(request.kind).estimate(request)
	};
	return (question) => answered(question, answers);
}

function answered<Kind extends QuestionKind>(
	{ kind, asked }: { kind: Kind; asked: Questions[Kind]['asked'] },
	answers: Answers
): Promise<Answer<Kind>> {
	return answers[kind](asked);
}
