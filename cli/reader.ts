/**
 * Answers the server's questions about the user's models and texts, one after another. They may take long or never end:
 * a pattern in a tokenizer.json can backtrack for ever, a graph can be of any size. The server ends this process then.
 */
import { InputError, messageOf } from '../analysis/errors.ts';
import type { Question, ReaderMessage } from '../analysis/measure/questions.ts';
import { readerAnswers } from './readerAnswers.ts';

const answer = readerAnswers();

// The server is gone: nobody asks any more.
process.on('disconnect', () => process.exit(1));

process.on('message', (question: Question) => {
	answer(question).then(
		(given) => send({ kind: 'done', answer: given }),
		(error: unknown) => {
			const fault = error instanceof InputError ? 'input' : 'own';
			if (fault === 'own') console.error(error);
			send({ kind: 'failed', message: messageOf(error), fault });
		}
	);
});

function send(message: ReaderMessage): void {
	process.send?.(message, undefined, undefined, () => undefined);
}
