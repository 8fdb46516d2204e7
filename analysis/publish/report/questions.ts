import type { ResultSummary } from '../../measure/results/types.ts';
import type { Sources } from '../../plan/types.ts';
import { planWords } from '../../text/plan.ts';
import { shellLine } from '../../text/shell.ts';
import {
	cheapestLayers,
	isDroppingBetter,
	whatBreaks,
	whatIsGained,
	type Answer
} from '../answers.ts';
import { html, unbrokenIntervals, type Html } from './html.ts';

/** A question of a report, its answer, and the command that would measure one that has none. */
export interface ReportQuestion {
	question: string;
	answer: Answer | null;
	/** The plan that the answer is about, where it is not the report's own; null: it is. */
	about: Sources | null;
	command: string;
}

/** The four questions of a run. `lead`: the plan that the report is about, which is asked about first. */
export function reportQuestions(
	model: string,
	summaries: readonly ResultSummary[],
	lead: Sources | null
): ReportQuestion[] {
	const same = (sources: Sources | undefined) => sources?.join() === lead?.join();
	const own = summaries.filter(({ evaluation }) => same(evaluation?.sources));
	const broken = whatBreaks(own.length > 0 ? own : summaries);
	const timed = summaries.find(({ bench }) => bench !== null)?.bench?.sources ?? null;
	const ownGain = lead === null ? null : whatIsGained(summaries, lead);
	const gained = ownGain ?? (timed === null ? null : whatIsGained(summaries, timed));
	const command = (kind: string, ...rest: string[]) =>
		shellLine(['spanwise', kind, model, ...rest]);
	const plan = ['--plan', 'plan.json'];
	const text = ['--text', 'FILE'];
	return [
		{
			question: 'Which layers could share or go?',
			answer: cheapestLayers(summaries),
			about: null,
			command: command('damage', ...text)
		},
		{
			question: 'What would it break?',
			answer: broken,
			about: other(broken?.result.evaluation?.sources, lead),
			command: command('evaluate', ...plan, ...text)
		},
		{
			question: 'Is dropping better?',
			answer: isDroppingBetter(summaries),
			about: null,
			command: command('search', ...text)
		},
		{
			question: 'What do I gain?',
			answer: gained,
			about: other(gained?.result.bench?.sources, lead),
			command: command('bench', ...plan)
		}
	];
}

function other(sources: Sources | undefined, lead: Sources | null): Sources | null {
	return sources === undefined || sources.join() === lead?.join() ? null : sources;
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
