import { writeFile } from 'node:fs/promises';
import { readComparison, readHeads, readSimilarity } from '../analysis/compare/readings.ts';
import { reportPlan } from '../analysis/apply/targets.ts';
import { kindOf } from '../analysis/measure/lookup.ts';
import { workspaceRows } from '../analysis/measure/overview/rows.ts';
import type {
	Answer,
	Question,
	QuestionKind,
	Questions,
	RunPlace
} from '../analysis/measure/questions.ts';
import { discoverModels } from '../analysis/model/catalogue/discover.ts';
import { OnnxExaminer } from '../analysis/model/catalogue/onnx.ts';
import { modelReport } from '../analysis/model/catalogue/report.ts';
import { withModel } from '../analysis/model/open.ts';
import { importBundleFile } from '../analysis/publish/bundle/file.ts';
import { bundleOf } from '../analysis/publish/bundle/write.ts';
import { reportOf } from '../analysis/publish/report/reportOf.ts';
import type { RunSource } from '../analysis/publish/source.ts';
import { readRun, readWindows } from '../analysis/workspace/run/read.ts';

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
			withModel(path, (model) => reportPlan(model, plan, { home, planFolder: null }), {
				forOther: true
			}),
		similarity: readSimilarity,
		heads: readHeads,
		comparison: readComparison,
		windows: async ({ folder }) => readWindows(folder, await readRun(folder)),
		rows: ({ home }) => workspaceRows(home),
		handover: async ({ plan, ...place }) => reportOf(await runAt(place), plan),
		bundle: async ({ file, ...place }) => {
			await writeFile(file, (await bundleOf(await runAt(place))).bytes);
			return null;
		},
		bundleIn: ({ home, file, name }) => importBundleFile(home, file, name),
		estimate: (request) => kindOf(request.kind).estimate(request)
	};
	return (question) => answered(question, answers);
}

/** A run is called by its folder's name, whatever it says itself. */
async function runAt({ folder, id, home }: RunPlace): Promise<RunSource> {
	return { folder, record: { ...(await readRun(folder)), id }, home };
}

function answered<Kind extends QuestionKind>(
	{ kind, asked }: { kind: Kind; asked: Questions[Kind]['asked'] },
	answers: Answers
): Promise<Answer<Kind>> {
	return answers[kind](asked);
}
