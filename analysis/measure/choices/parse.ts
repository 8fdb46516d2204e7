import * as v from 'valibot';
import { parseJson } from '../../edge/parseJson.ts';
import { boundedArray, parseUntrusted } from '../../edge/parse.ts';
import { InputError } from '../../errors.ts';
import type { Document } from '../../model/tokens/types.ts';
import { isSample, sampleQuestions } from './samples.ts';
import type { Question } from './types.ts';

/** More than any questions in use have. */
const MOST_CHOICES = 100;

const filled = v.pipe(v.string(), v.regex(/\S/, 'a text that is not blank'));

const questionSchema = v.pipe(
	v.object({
		prompt: filled,
		choices: v.pipe(boundedArray(filled, MOST_CHOICES), v.minLength(2)),
		answer: v.pipe(v.number(), v.integer(), v.minValue(0)),
		group: v.optional(v.nullable(v.string()), null)
	}),
	v.check(
		({ choices, answer }) => answer < choices.length,
		'expected answer: the index of a choice'
	)
);

/**
 * Questions of a JSONL text: {"prompt", "choices", "answer"} a line, and "group" where several come from one
 * source; or the samples of a multiple-choice task that lm-evaluation-harness wrote. Blank lines are passed over. Throws
 * InputError naming the file, the line and the key at fault.
 */
export function parseQuestions(text: string, where: string): Question[] {
	const lines = text.split('\n').flatMap((line, index) => {
		if (line.trim() === '') return [];
		const at = `${where}: line ${index + 1}`;
		return [{ json: parseJson(line, at), where: at }];
	});
	const questions =
		lines.length > 0 && isSample(lines[0].json)
			? sampleQuestions(lines)
			: lines.map(({ json, where: at }) => parseUntrusted(questionSchema, json, at));
	if (questions.length === 0) throw new InputError(`${where}: no questions; expected one per line`);
	return questions;
}

/** The questions of a file that a request may name; null: it names none. Throws InputError as `parseQuestions`. */
export function questionsOf(file: Document | null): Question[] | null {
	return file === null ? null : parseQuestions(file.text, file.name);
}
