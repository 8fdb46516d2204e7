import type { QuestionsChoice } from '../client/api.ts';

/** Which questions a form asks. */
export type Task = 'none' | 'continuations' | 'file';

/** What a form holds of questions; `questions`: the file that was read. */
export interface QuestionFields {
	task: Task;
	questions: { name: string; text: string } | null;
}

/** What is asked for; undefined: a file was chosen and none is there. */
export function askedQuestions({ task, questions }: QuestionFields): QuestionsChoice | undefined {
	if (task === 'file') return questions ?? undefined;
	return task === 'none' ? null : task;
}
