import type { QuestionsChoice } from '../client/api.ts';

/** Choice of questions in a form: none, the bundled continuations, or those of a file. */
export type Task = 'none' | 'continuations' | 'file';

/** Fields of a form about questions. `questions`: the file that was read; null: none was. */
export interface QuestionFields {
	task: Task;
	questions: { name: string; text: string } | null;
}

/** Returns the questions that a form asks for; null: none; undefined: a file was chosen and none is there. */
export function askedQuestions({ task, questions }: QuestionFields): QuestionsChoice | undefined {
	if (task === 'file') return questions ?? undefined;
	return task === 'none' ? null : task;
}
