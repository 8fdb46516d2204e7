import { readerAnswers } from '../../cli/readerAnswers.ts';
import type { Question, Reader } from '../../analysis/measure/questions.ts';

const answer = readerAnswers();

/** Answers the server's questions about models and texts in this process. */
export const readerHere: Reader = {
	ask: async (kind, asked) => await answer({ kind, asked } as Question)
};
