import { comparisonWords, settingWords } from '../../../measure/tune/words.ts';
import { planWords } from '../../../text/plan.ts';
import { html, type Html } from '../html.ts';
import type { ReportedKind, StoredOf } from './reportedKind.ts';

/** Comparisons of the newest tuning. */
export const tune: ReportedKind<StoredOf<'tune'>> = {
	kind: 'tune',
	most: 1,
	section: ([stored], { labelOf }) => tuned(stored, labelOf(stored))
};

function tuned({ result }: StoredOf<'tune'>, label: Html | null): Html {
	const { plan, tune } = result;
	return html`<section>
		<h2>Tuning</h2>
		${label}
		<p class="muted">
			Plan: ${planWords(plan.sources)}; ${settingWords(tune.report)}. Held-out text, measured.
		</p>
		<ul class="plain">
			${tune.report.comparisons.map((each) => html`<li>${comparisonWords(each)}</li>`)}
		</ul>
	</section>`;
}
