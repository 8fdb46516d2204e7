import { profileFigure } from '../../figure/profile.ts';
import {
	formatArchitecture,
	formatCount,
	formatTime,
	formatValue,
	formatWhole
} from '../../text/number.ts';
import { VERSION } from '../../version.ts';
import { advice } from '../answers.ts';
import { isDamage } from '../damageCard.ts';
import { layerProfile, profileCaption } from '../profile.ts';
import { reportScript } from './client.ts';
import { drawing, REPORT_STYLE } from './drawing.ts';
import { evidenceSections, measuredKinds } from './evidence.ts';
import { html, trusted, unbrokenIntervals, type Html } from './html.ts';
import { labelPart, titleWords } from './labels.ts';
import { mapSection } from './mapSection.ts';
import { cardsSection, commandsOf, methodsText, referencesOf, termsSection } from './methods.ts';
import { packedMaps } from './packedMaps.ts';
import { planSection, reportPlans } from './plans.ts';
import { questionsSection, reportQuestions } from './questions.ts';
import { REPORT_CSS } from './style.ts';
import type { ReportSource } from './types.ts';

/** Hash of a script's text as a policy names it: "sha256-…". */
export type PolicyHash = (script: string) => string;

/**
 * A run as one HTML document that needs nothing else: maps that answer the pointer, the layer profile, the questions,
 * the plans, what was measured of them and what it is called, methods, definitions and commands. It has no address of anything outside, and its
 * policy lets no script run but its own.
 */
export function reportHtml(source: ReportSource, policyHash: PolicyHash, now = new Date()): string {
	const { run, similarities, results, summaries, labels } = source;
	const measured = measuredKinds(results);
	const damage = results.find(isDamage) ?? null;
	const plans = reportPlans(source);
	const lead = plans.at(0)?.sources ?? null;
	const maps = packedMaps(
		run,
		similarities,
		damage,
		plans.map(({ sources }) => sources)
	);
	const profile = layerProfile(run, similarities.at(0) ?? null, damage);
	const figure = profileFigure({ ...profile, title: 'Layer profile', caption: '' }, REPORT_STYLE);
	const script = reportScript(maps);
	const policy = `default-src 'none'; script-src '${policyHash(script)}'; style-src 'unsafe-inline'; img-src data:`;
	const commands = commandsOf(run, results);
	const methods = methodsText(run, measured);
	const page = html`<!doctype html>
		<html lang="en">
			<head>
				<meta charset="utf-8" />
				<meta http-equiv="Content-Security-Policy" content="${policy}" />
				<meta name="viewport" content="width=device-width, initial-scale=1" />
				<meta name="generator" content="Spanwise ${VERSION}" />
				<title>${titleWords(run.model.name, labels.runs[run.id])}</title>
				<style>
					${trusted(REPORT_CSS)}
				</style>
			</head>
			<body>
				<header>${headerPart(source)}</header>
				<main>
					${questionsSection(reportQuestions(run.model.name, summaries, lead))}
					${mapSection(maps, plans)}
					<section>
						<h2>Plan${plans.length === 1 ? null : 's'}</h2>
						${
							plans.length === 0
								? html`<p>None: the model has too few layers that could share.</p>`
								: plans.map((plan, index) => planSection(source, plan, index === 0))
						}
					</section>
					<section>
						<h2>Layer profile</h2>
						<figure>
							${drawing(figure)}
							<figcaption>${profileCaption(run, profile, damage)}</figcaption>
						</figure>
						${damage === null ? null : labelPart(labels.results[damage.id])}
						${profile.missing.map(
							({ title, how }) => html`<p class="small muted">Not measured: ${title}. ${how}.</p>`
						)}
					</section>
					${evidenceSections(source, measured)}
					<section>
						<div class="row">
							<h2>Methods</h2>
							<button type="button" data-copy="methods" hidden>Copy</button>
						</div>
						<p id="methods">${methods}</p>
						<h3>References</h3>
						<ul class="plain small">
							${referencesOf(run, measured).map((each) => html`<li>${each}</li>`)}
						</ul>
						<h3>Definition cards</h3>
						${cardsSection(run, measured)}
						<details>
							<summary>What the words and measures mean</summary>
							${termsSection(run, measured)}
						</details>
					</section>
					<section>
						<div class="row">
							<h2>Make it again</h2>
							<button type="button" data-copy="commands" hidden>Copy</button>
						</div>
						<pre id="commands">${commands.join('\n')}</pre>
					</section>
				</main>
				<footer>
					Run ${run.id}, ${formatTime(run.createdAt)}. Model SHA-256 ${run.model.hash}. Report by
					Spanwise ${VERSION}, ${formatTime(now.toISOString())}. This file holds all that it shows
					and asks no server for anything.
				</footer>
				${trusted(`<script>${script}</script>`)}
			</body>
		</html> `;
	return page.text;
}

/** First sentence of a report where nothing was measured. */
const NOT_MEASURED = 'No plan was measured yet: the maps below show candidates, no recommendation.';

function headerPart({ run, summaries, labels }: ReportSource): Html {
	const { model } = run;
	const advised = advice(summaries);
	const facts: [string, string][] = [
		['architecture', formatArchitecture(model.architecture)],
		['layers × heads (KV)', `${model.layers} × ${model.heads} (${model.kvHeads})`],
		['parameters', formatCount(model.parameters)],
		['text', run.texts.map(({ name }) => name).join(', ')],
		['tokens', `${formatWhole(run.tokens)} in ${run.windows.length} × ${run.context}`],
		['baseline loss', `${formatValue(run.loss)} nats/token, measured`]
	];
	return html`<h1>${model.name}: which layers can share or drop attention</h1>
		<p class="answer">${unbrokenIntervals(advised?.sentence ?? NOT_MEASURED)}</p>
		${labelPart(labels.runs[run.id])}
		<dl class="facts">
			${facts.map(
				([name, value]) =>
					html`<div>
						<dt>${name}</dt>
						<dd>${value}</dd>
					</div>`
			)}
		</dl>
		${run.notes.map((note) => html`<p class="notice">${note}</p>`)}`;
}
