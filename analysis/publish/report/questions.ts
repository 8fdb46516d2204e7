import type { ResultSummary } from '../../measure/results/types.ts';
import type { Sources } from '../../plan/types.ts';
import { planWords } from '../../text/plan.ts';
import { shellLine } from '../../text/shell.ts';
import type { Answer } from '../answers.ts';
import { html, unbrokenIntervals, type Html } from './html.ts';
import { REPORTED } from './kinds/index.ts';

/** A question of a report, its answer, and the command that would measure one that has none. */
export interface ReportQuestion {
	question: string;
	answer: Answer | null;
	/** The plan that the answer is about, where it is not the report's own; null: it is. */
	about: Sources | null;
	command: string;
}

/** The questions of a run. `lead`: the plan that the report is about, which is asked about first. */
export function reportQuestions(
	model: string,
	summaries: readonly ResultSummary[],
	lead: Sources | null
): ReportQuestion[] {
	return REPORTED.flatMap(({ kind, question }) => {
		if (question === undefined) return [];
		const answer = question.answer(summaries, lead);
		const about = answer === null ? undefined : question.about?.(answer.result);
		return {
			question: question.words,
			answer,
			about: about === undefined || about.join() === lead?.join() ? null : about,
			command: shellLine(['spanwise', kind, model, ...question.options])
		};
	});
}

/** The questions as a list of cards. */
export function questionsSection(questions: readonly ReportQuestion[]): Html {
	return html`<ol class="questions" aria-label="Questions">
		${questions.map(
			({ question, answer, about, command }) =>
				html`<li>
					<h2>${question}</h2>
					${
						answer === null
							? html`<p class="muted">Not measured yet. This measures it:</p>
									<p><code>${command}</code></p>`
							: html`<p>
										<span
											class="tag ${answer.word === 'pass' ? 'good' : answer.word === 'fail' ? 'bad' : ''}"
											>${answer.word}</span
										>
										${unbrokenIntervals(answer.sentence)}
									</p>
									${about === null ? null : html`<p class="small muted">Plan: ${planWords(about)}</p>`}`
					}
				</li>`
		)}
	</ol>`;
}
