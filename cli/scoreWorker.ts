/**
 * Scores sequences for the server's /v1/completions, in a process of its own: `scoreWorker MODEL HOME [PLAN]`. It ends when
 * the server lets go of it, and what it wrote for it goes then.
 */
import { once } from 'node:events';
import { dirname } from 'node:path';
import { InputError, messageOf } from '../analysis/errors.ts';
import type { ScoreAnswer, ScoreAsk } from '../analysis/measure/scoring/messages.ts';
import { withScorer, type Scorer } from '../analysis/measure/scoring/scorer.ts';
import { readPlan } from './planFile.ts';

const [model, home] = process.argv.slice(2);
const planFile = process.argv.at(4);

/** Questions come while models are being written: they wait for this. */
const opened = new Promise<Scorer>((resolve, reject) => {
	open(resolve).catch(reject);
});
// Whoever asks is told.
opened.catch(() => undefined);

async function open(ready: (scorer: Scorer) => void): Promise<void> {
	const plan = planFile === undefined ? null : await readPlan(planFile);
	const planFolder = dirname(planFile ?? '.');
	await withScorer({ model, plan, planFolder, home }, async (scorer) => {
		ready(scorer);
		await once(process, 'disconnect');
	});
	process.exit(0);
}

process.on('message', (ask: ScoreAsk) => {
	answer(ask).then(send, (error: unknown) => {
		const fault = error instanceof InputError ? 'input' : 'own';
		if (fault === 'own') console.error(error);
		send({ kind: 'failed', message: messageOf(error), fault });
	});
});

async function answer({ model: which, sequences }: ScoreAsk): Promise<ScoreAnswer> {
	return { kind: 'scored', scored: await (await opened).score(which, sequences) };
}

function send(message: ScoreAnswer): void {
	process.send?.(message, undefined, undefined, () => undefined);
}
