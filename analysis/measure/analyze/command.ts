import { shellLine } from '../../text/shell.ts';
import { METRICS, VIEWS } from '../../similarity/types.ts';
import { DEFAULT_JS_ROWS } from './defaults.ts';
import type { AnalyzeRequest } from './types.ts';

/**
 * The command line that makes the same run again, quoted for a POSIX shell. `model` and `texts` are as the
 * user named them, so that paths hold where the command was given; `modelFolders` are those of --models.
 * What is left at its default is left out, save the context and the number of windows.
 */
export function analyzeCommand(
	model: string,
	texts: readonly string[],
	request: Pick<
		AnalyzeRequest,
		'context' | 'windows' | 'metrics' | 'views' | 'jsRows' | 'tokenizer' | 'recall'
	>,
	modelFolders: readonly string[] = []
): string {
	const { context, windows, metrics, views, jsRows } = request;
	const words = ['spanwise', 'analyze', model, '--text', ...texts];
	words.push('--context', `${context}`, '--windows', `${windows}`);
	if (metrics.length < METRICS.length) words.push('--metrics', metrics.join(','));
	if (views.length < VIEWS.length) words.push('--views', views.join(','));
	if (jsRows !== DEFAULT_JS_ROWS) words.push('--js-rows', `${jsRows}`);
	if (request.recall === false) words.push('--recall', 'off');
	if (request.tokenizer !== undefined) words.push('--tokenizer', request.tokenizer);
	for (const folder of modelFolders) words.push('--models', folder);
	return shellLine(words);
}
