import type { AnalyzeRequest } from '$analysis/analyze/types.ts';
import { InputError } from '$analysis/errors.ts';
import { METRICS } from '$analysis/similarity/types.ts';
import type { TextChoice } from '$lib/api.ts';
import { DEFAULT_JS_ROWS } from './defaults.ts';
import type { NewJob } from './jobs/manager.ts';
import type { PreparedModel } from './prepare.ts';
import { SAMPLES_PATH } from './texts.ts';

/** The jobs of an analysis, one a model. Errors: InputError where a model would be refused; then none is queued. */
export function jobsOf(prepared: readonly PreparedModel[], texts: readonly TextChoice[]): NewJob[] {
	return prepared.map(({ model, request, estimate, refusal }) => {
		if (refusal !== null) throw new InputError(refusal);
		const { modelFolder, documents, context, windows, metrics, views, jsRows } = request;
		return {
			model: model.id,
			request: { modelFolder, context, windows, metrics, views, jsRows },
			documents,
			command: commandFor(model.id, request, texts),
			estimate
		};
	});
}

/** The command that makes the same run; a pasted or uploaded text is named as the page named it. */
function commandFor(
	model: string,
	{ context, windows, metrics, jsRows }: AnalyzeRequest,
	texts: readonly TextChoice[]
): string {
	const files = texts.map((text) =>
		'sample' in text ? `${SAMPLES_PATH}/${text.sample}.txt` : text.name
	);
	const words = ['spanwise', 'analyze', model];
	words.push('--text', ...files, '--context', `${context}`, '--windows', `${windows}`);
	if (metrics.length < METRICS.length) words.push('--metrics', metrics.join(','));
	if (jsRows !== DEFAULT_JS_ROWS) words.push('--js-rows', `${jsRows}`);
	return words.map(shellWord).join(' ');
}

function shellWord(word: string): string {
	return /^[\w./:@=,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
